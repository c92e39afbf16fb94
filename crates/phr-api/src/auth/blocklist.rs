//! Passwords that anybody would try first, as rules instead of a list.
//!
//! Public lists of leaked passwords hardly hold any of 15 characters or more; what they hold are
//! repetitions, runs along the keyboard or the alphabet, and common words strung together, with a
//! year or a few digits at the end. The rules below refuse all of those: with 300 words, two or
//! more in a row alone stand for more than 90,000 entries.

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

/// Whether a simplified password (lower case, letters and digits only) is easily guessed: it is cut
/// greedily into known words, runs and repetitions, and each piece counts once. `others` is how many
/// guesses its other characters are worth.
pub fn is_common(simple: &str, others: usize) -> bool {
    let guesses = |text: &str| {
        let characters: Vec<char> = text.chars().collect();
        worth(characters.get(..shortest_period(&characters)).unwrap_or_default())
    };
    guesses(simple).min(guesses(&undisguised(simple))) + others < ENOUGH
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

/// How many independent guesses the pieces are: a word, run, repetition or number is one, any other
/// character is one.
fn worth(mut rest: &[char]) -> usize {
    let mut pieces = 0;
    let mut seen: Vec<&[char]> = Vec::new();
    while !rest.is_empty() {
        let length = piece(rest).clamp(1, rest.len());
        let (piece, after) = rest.split_at(length);
        // The same piece again costs no guess.
        if length == 1 || !seen.contains(&piece) {
            pieces += 1;
        }
        seen.push(piece);
        rest = after;
    }
    pieces
}

/// Length of the longest known piece at the start of `rest`.
fn piece(rest: &[char]) -> usize {
    word(rest).max(run(rest)).max(repetition(rest)).max(number(rest))
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
