//! Passwords that anybody would try first.
//!
//! Two lists ([`leaked`]) and rules. Public lists hold a good ten thousand passwords of 15 characters
//! or more; all of them are refused. What else a guesser tries is put together from shorter ones:
//! repetitions, runs along the keyboard or the alphabet, and common words strung together, with a
//! year or a few digits at the end. So a password is cut into such pieces, and each costs a guess or
//! two: two of the ten thousand commonest words with a number behind them stand for more than 10^11
//! entries that need not be written down.

mod leaked;

/// Rows of keyboards and the alphabet, along which lazy passwords run.
const RUNS: [&str; 9] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujmikolp",
];

/// Characters in a row along a run that count as one guess.
const RUN_LENGTH: usize = 4;

/// Guesses that a password must be worth at least.
const ENOUGH: usize = 6;

/// What a word costs that is none of the few hundred first but one of the ten thousand commonest.
const RARER_WORD: usize = 2;

/// Whether a simplified password (lower case, letters and digits only) is easily guessed: it is in
/// the list, or too few guesses put it together. `others` is how many guesses its other characters
/// are worth.
pub fn is_common(simple: &str, others: usize) -> bool {
    let guesses = |text: &str| {
        let characters: Vec<char> = text.chars().collect();
        worth(characters.get(..shortest_period(&characters)).unwrap_or_default())
    };
    leaked::is_listed(simple)
        || guesses(simple).min(guesses(&undisguised(simple))) + others < ENOUGH
}

/// Digits that stand for letters between letters.
fn undisguised(simple: &str) -> String {
    let characters: Vec<char> = simple.chars().collect();
    let beside_letter = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| characters.get(at));
        let after = characters.get(at + 1);
        before.is_some_and(|c| c.is_alphabetic()) && after.is_some_and(|c| c.is_alphabetic())
    };
    let plain = characters.iter().enumerate().map(|(at, c)| match c {
        '0' if beside_letter(at) => 'o',
        '1' if beside_letter(at) => 'i',
        '3' if beside_letter(at) => 'e',
        '4' if beside_letter(at) => 'a',
        '5' if beside_letter(at) => 's',
        other => *other,
    });
    plain.collect()
}

/// Length of the shortest piece that, repeated, gives the whole (the last time perhaps cut).
fn shortest_period(characters: &[char]) -> usize {
    let repeats = |period: &usize| {
        characters.iter().skip(*period).zip(characters).all(|(later, earlier)| later == earlier)
    };
    (1..=characters.len()).find(repeats).unwrap_or_default()
}

/// How many independent guesses the pieces are: of two ways to cut, the cheaper one.
fn worth(characters: &[char]) -> usize {
    greedily(characters).min(at_best(characters))
}

/// What the longest pieces from left to right cost. The same piece again costs nothing.
fn greedily(mut rest: &[char]) -> usize {
    let mut guesses = 0;
    let mut seen: Vec<&[char]> = Vec::new();
    while let Some(longest) = pieces(rest).into_iter().max_by_key(|piece| piece.length) {
        let (piece, after) = rest.split_at(longest.length.min(rest.len()));
        if longest.length == 1 || !seen.contains(&piece) {
            guesses += longest.guesses;
        }
        seen.push(piece);
        rest = after;
    }
    guesses
}

/// What the cheapest of all ways to cut costs, found from the end backwards.
fn at_best(characters: &[char]) -> usize {
    let mut cheapest = vec![0; characters.len() + 1];
    for at in (0..characters.len()).rev() {
        let rest = characters.get(at..).unwrap_or_default();
        let after = |piece: &Piece| cheapest.get(at + piece.length).copied().unwrap_or_default();
        let best = pieces(rest).iter().map(|piece| piece.guesses + after(piece)).min();
        if let (Some(place), Some(best)) = (cheapest.get_mut(at), best) {
            *place = best;
        }
    }
    cheapest.first().copied().unwrap_or_default()
}

/// The beginning of a text and how many guesses it takes.
struct Piece {
    length: usize,
    guesses: usize,
}

/// Every piece that `rest` may begin with: a word, run, repetition, number, and any character.
fn pieces(rest: &[char]) -> Vec<Piece> {
    if rest.is_empty() {
        return Vec::new();
    }
    let one = |length| Piece { length, guesses: 1 };
    let patterns = [1, word(rest), run(rest), repetition(rest), number(rest)];
    let patterns = patterns.into_iter().filter(|length| *length > 0).map(one);
    rarer_words(rest).chain(patterns).collect()
}

fn rarer_words(rest: &[char]) -> impl Iterator<Item = Piece> {
    let lengths = leaked::SHORT_LENGTHS.filter(|length| *length <= rest.len());
    let known =
        |length: &usize| leaked::is_common_word(&rest.iter().take(*length).collect::<String>());
    lengths.filter(known).map(|length| Piece { length, guesses: RARER_WORD })
}

fn word(rest: &[char]) -> usize {
    let starts =
        |word: &&str| word.chars().zip(rest).filter(|(a, b)| a == *b).count() == word.len();
    words().filter(starts).map(str::len).max().unwrap_or_default()
}

fn run(rest: &[char]) -> usize {
    let along = |row: Vec<char>| {
        (0..row.len())
            .map(|start| row.iter().skip(start).zip(rest).take_while(|(a, b)| a == b).count())
            .max()
            .unwrap_or_default()
    };
    let forward = RUNS.iter().map(|row| along(row.chars().collect()));
    let backward = RUNS.iter().map(|row| along(row.chars().rev().collect()));
    let longest = forward.chain(backward).max().unwrap_or_default();
    if longest >= RUN_LENGTH { longest } else { 0 }
}

fn repetition(rest: &[char]) -> usize {
    let same = rest.iter().take_while(|c| rest.first() == Some(c)).count();
    if same >= 3 { same } else { 0 }
}

/// Up to four digits in a row: years, dates and counters.
fn number(rest: &[char]) -> usize {
    rest.iter().take(4).take_while(|c| c.is_ascii_digit()).count()
}

/// Words that leaked passwords are made of.
fn words() -> impl Iterator<Item = &'static str> {
    WORDS.split_ascii_whitespace()
}

/// Most common first within each group; three letters at least.
const WORDS: &str = "
password passwort passwd pass word secret letmein welcome login admin administrator root user guest
test testing tester demo sample example default changeme change please temp temporary system server
access access account private security secure safe open sesame master super superman batman
spiderman ironman hello hallo bonjour hola ciao goodbye world hey love loves lover iloveyou loveyou
you your yours mine forever always never together baby babe honey sweet sweetheart angel princess
prince king queen lord lady boy girl man woman mother father mom mum mama dad daddy papa brother
sister family friend friends best friend buddy michael jordan daniel thomas james john robert david
william richard charles joseph george anthony andrew jessica jennifer ashley amanda sarah nicole
michelle maria anna emma laura peter paul mark steven kevin brian jason justin matthew joshua
alexander benjamin samuel charlie harley maggie bailey buster tigger ginger pepper cookie bella max
lucky rocky shadow dragon monkey tiger lion eagle falcon hawk wolf bear horse pony kitty cat dog
puppy fish bird butterfly dolphin panda snake spider summer winter spring autumn january february
march april may june july august september october november december monday tuesday wednesday
thursday friday saturday sunday morning night day week month year happy birthday christmas easter
holiday sunshine sun moon star stars sky rainbow flower rose daisy lily violet orange apple banana
cherry lemon peach chocolate cheese cookie sugar coffee tea beer wine whiskey pizza burger chicken
red blue green yellow black white purple pink silver gold golden diamond crystal ruby fire water
earth wind storm thunder lightning ice snow rain ocean river mountain forest football soccer
baseball basketball hockey tennis golf soccer liverpool arsenal chelsea barcelona madrid juventus
yankees lakers cowboys steelers eagles rangers packers ferrari porsche mercedes mustang corvette
toyota honda yamaha computer internet windows microsoft apple google facebook instagram twitter
youtube android iphone samsung matrix starwars star wars pokemon pikachu naruto hunter ranger
killer ninja samurai warrior knight wizard magic game gamer player music guitar piano rock metal
freedom liberty america london paris berlin tokyo india canada mexico brazil germany france england
money dollar rich trust trustno one two three four five six seven eight nine ten zero hundred
thousand million first last correct horse battery staple health doctor hospital fitness heart life
live long strong power energy what when where who why how the and for with this that these those is
are was not but can have has had will would let get got make made from into out over under again
yes maybe okay cool great good nice bad big small old new hot cold fun funny crazy sexy hottie
";
