//! What SQLite spells its own way; `sql/` takes it from here.

/// Only one transaction writes at a time, from its beginning on: nothing needs to be held.
pub(super) const ONE_WRITER: bool = true;
/// Never said here.
pub(super) const HOLD_NAME: &str = "select $1";

/// The elements of the JSON array in a parameter: rows of `wanted (value)`.
macro_rules! elements {
    ($array:literal) => {
        concat!("json_each(", $array, ") wanted")
    };
}
/// The same for an array of strings.
macro_rules! texts {
    ($array:literal) => {
        concat!("json_each(", $array, ") wanted")
    };
}
/// Which index finds the rows, where SQLite, which knows nothing of how much there is, would guess wrong.
macro_rules! by_index {
    ($index:literal) => {
        concat!(" indexed by ", $index)
    };
}
/// An id from its 32 hexadecimal digits.
macro_rules! id_of {
    ($text:literal) => {
        concat!("unhex(", $text, ")")
    };
}
/// An id that goes into a JSON array.
macro_rules! id_text {
    ($id:literal) => {
        concat!("hex(", $id, ")")
    };
}
/// All rows as one JSON array of arrays.
macro_rules! json_rows {
    ([$($columns:tt)*] order by $order:literal) => {
        concat!("json_group_array(json_array(", $($columns)*, ") order by ", $order, ")")
    };
}
/// What stands before the first colon.
macro_rules! before_colon {
    ($text:literal) => {
        concat!("substr(", $text, ", 1, instr(", $text, ", ':') - 1)")
    };
}
/// Ends a `select` of rows that stay as they are until the transaction ends.
macro_rules! held {
    () => {
        ""
    };
}
/// The same, leaving out rows that others hold instead of waiting for them.
macro_rules! free {
    () => {
        ""
    };
}
pub(super) use {before_colon, by_index, elements, free, held, id_of, id_text, json_rows, texts};
