//! What PostgreSQL spells its own way; `sql/` takes it from here.

/// Any number of transactions write at once.
pub(super) const ONE_WRITER: bool = false;
/// Waits for whoever holds the same name, and holds it until the transaction ends.
pub(super) const HOLD_NAME: &str = "select pg_advisory_xact_lock(hashtextextended($1, 0))";

/// The elements of the JSON array in a parameter: rows of `wanted (value)`.
macro_rules! elements {
    ($array:literal) => {
        concat!("jsonb_array_elements(cast(", $array, " as jsonb)) wanted (value)")
    };
}
/// The same for an array of strings.
macro_rules! texts {
    ($array:literal) => {
        concat!("jsonb_array_elements_text(cast(", $array, " as jsonb)) wanted (value)")
    };
}
/// The planner knows how much there is, and needs no hint.
macro_rules! by_index {
    ($index:literal) => {
        ""
    };
}
/// An id from its 32 hexadecimal digits.
macro_rules! id_of {
    ($text:literal) => {
        concat!("cast(", $text, " as uuid)")
    };
}
/// An id that goes into a JSON array.
macro_rules! id_text {
    ($id:literal) => {
        $id
    };
}
/// All rows as one JSON array of arrays.
macro_rules! json_rows {
    ([$($columns:tt)*] order by $order:literal) => {
        concat!(
            "coalesce(cast(json_agg(json_build_array(",
            $($columns)*,
            ") order by ",
            $order,
            ") as text), '[]')"
        )
    };
}
/// What stands before the first colon.
macro_rules! before_colon {
    ($text:literal) => {
        concat!("split_part(", $text, ", ':', 1)")
    };
}
/// Ends a `select` of rows that stay as they are until the transaction ends. Rows that refer to
/// them may still be inserted.
macro_rules! held {
    () => {
        " for no key update"
    };
}
/// The same, leaving out rows that others hold instead of waiting for them.
macro_rules! free {
    () => {
        " for update skip locked"
    };
}
pub(super) use {before_colon, by_index, elements, free, held, id_of, id_text, json_rows, texts};
