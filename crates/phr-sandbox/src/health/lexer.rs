//! The words of a filter (a subset of AIP-160).

use super::filter::{Refusal, refuse};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A field path, a bare value or a number.
    Word(String),
    /// A quoted literal.
    Text(String),
    Comparator(String),
    And,
    Or,
    Not,
    Open,
    Close,
    Comma,
}

/// Splits a filter into its words.
pub(super) fn tokens(filter: &str) -> Result<Vec<Token>, Refusal> {
    let mut rest = filter.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' => text(rest, first)?,
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '>' | '<' | '=' | '!' | ':' => comparator(rest)?,
            _ if is_word(first) => word(rest),
            _ => {
                let message = format!("Unexpected character '{first}' in the filter.");
                return Err(refuse("SYNTAX", message));
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn text(rest: &str, quote: char) -> Result<(Token, usize), Refusal> {
    let inner = rest.get(1..).unwrap_or_default();
    let end = inner
        .find(quote)
        .ok_or_else(|| refuse("SYNTAX", "A quoted literal is not closed.".to_owned()))?;
    Ok((Token::Text(inner.get(..end).unwrap_or_default().to_owned()), end + 2))
}

fn comparator(rest: &str) -> Result<(Token, usize), Refusal> {
    let known = [">=", "<=", "!=", ">", "<", "=", ":"];
    let found = known.into_iter().find(|comparator| rest.starts_with(comparator));
    found
        .map(|comparator| (Token::Comparator(comparator.to_owned()), comparator.len()))
        .ok_or_else(|| refuse("SYNTAX", "Unexpected character '!' in the filter.".to_owned()))
}

fn word(rest: &str) -> (Token, usize) {
    let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    let token = match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        "NOT" => Token::Not,
        _ if word.starts_with('-') => Token::Not,
        _ => Token::Word(word.to_owned()),
    };
    (token, end)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '*' | '+')
}
