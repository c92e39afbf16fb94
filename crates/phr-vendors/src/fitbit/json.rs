//! Reading JSON that may hold anything: a member of the wrong type becomes "absent" instead of
//! sinking the page it stands in. Only broken syntax is an error.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
};

/// A page that is not what the API sends. Deliberately without details: they could repeat values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page is not what the API sends")]
pub struct ParseError;

/// Reads one whole JSON document.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    serde_json::from_slice(body).map_err(|_| ParseError)
}

/// Something that is written as a single JSON value.
pub(super) trait Leaf: Sized {
    /// From a string.
    fn text(_: &str) -> Option<Self> {
        None
    }
    /// From a whole number.
    fn whole(_: i64) -> Option<Self> {
        None
    }
    /// From any other number.
    fn real(_: f64) -> Option<Self> {
        None
    }
    /// From `true` or `false`.
    fn truth(_: bool) -> Option<Self> {
        None
    }
}

/// A leaf, if it was there and readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// An object, if it was there and one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nested<T>(pub(super) Option<T>);

impl<T> Default for Nested<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// The objects of an array, if it was there and one; whatever else is in it is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed<T>(pub(super) Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListedVisitor(std::marker::PhantomData))
    }
}

struct LeafVisitor<T>(std::marker::PhantomData<T>);
struct NestedVisitor<T>(std::marker::PhantomData<T>);
struct ListedVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Leaf> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LeafVisitor(std::marker::PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NestedVisitor(std::marker::PhantomData))
    }
}

impl<'de, T: Leaf> Visitor<'de> for LeafVisitor<T> {
    type Value = Maybe<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Maybe(T::text(text)))
    }
    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Self::Value, E> {
        Ok(Maybe(T::whole(whole)))
    }
    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Self::Value, E> {
        Ok(Maybe(i64::try_from(whole).ok().and_then(T::whole)))
    }
    fn visit_f64<E: de::Error>(self, real: f64) -> Result<Self::Value, E> {
        Ok(Maybe(T::real(real)))
    }
    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Maybe(T::truth(truth)))
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Maybe(None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq).map(|()| Maybe(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map).map(|()| Maybe(None))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for NestedVisitor<T> {
    type Value = Nested<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Nested(Some(object)))
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Nested(None))
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Nested(None))
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Nested(None))
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Nested(None))
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Nested(None))
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Nested(None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq).map(|()| Nested(None))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListedVisitor<T> {
    type Value = Listed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Nested<T>>()? {
            items.extend(item.0);
        }
        Ok(Listed(items))
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Listed::default())
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Listed::default())
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Listed::default())
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Listed::default())
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Listed::default())
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Listed::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map).map(|()| Listed::default())
    }
}

fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A number, whether JSON writes it as one or as a string.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole one.
    Whole(i64),
    /// Any other, `NaN` included.
    Real(f64),
}

/// Beyond this a double skips whole numbers.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

impl Number {
    /// In base units of which `scale` make one, rounded half away from zero; none for `NaN`,
    /// infinities and what does not fit.
    #[expect(clippy::cast_precision_loss, reason = "scales are small whole numbers")]
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
    pub(super) fn to_base(self, scale: i64) -> Option<i64> {
        match self {
            Self::Whole(whole) => whole.checked_mul(scale),
            Self::Real(real) => {
                let scaled = (real * scale as f64).round();
                (scaled.abs() <= MOST_EXACT).then_some(scaled as i64)
            }
        }
    }
}

impl Leaf for Number {
    fn text(text: &str) -> Option<Self> {
        let whole = text.parse().map(Self::Whole);
        whole.or_else(|_| text.parse().map(Self::Real)).ok()
    }
    fn whole(whole: i64) -> Option<Self> {
        Some(Self::Whole(whole))
    }
    fn real(real: f64) -> Option<Self> {
        Some(Self::Real(real))
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Truth(pub(super) bool);

impl Leaf for Truth {
    fn text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
    fn truth(truth: bool) -> Option<Self> {
        Some(Self(truth))
    }
}

impl Leaf for String {
    fn text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn whole(whole: i64) -> Option<Self> {
        Some(whole.to_string())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn number(json: &str) -> Option<i64> {
        read::<Maybe<Number>>(json.as_bytes()).unwrap().0.and_then(|number| number.to_base(100))
    }

    #[rstest]
    #[case("95.6", Some(9_560))]
    #[case("\"95.6\"", Some(9_560))]
    #[case("98", Some(9_800))]
    #[case("\"98\"", Some(9_800))]
    #[case("0.125", Some(13))]
    #[case("-0.125", Some(-13))]
    #[case("1e3", Some(100_000))]
    #[case("\"NaN\"", None)]
    #[case("\"Infinity\"", None)]
    #[case("1e300", None)]
    #[case("18446744073709551615", None)]
    #[case("9223372036854775807", None)]
    #[case("\"many\"", None)]
    #[case("null", None)]
    #[case("true", None)]
    #[case("[1,[2]]", None)]
    #[case("{\"value\":{\"deep\":1}}", None)]
    fn numbers_come_as_numbers_or_strings_and_nothing_else_counts(
        #[case] json: &str,
        #[case] base: Option<i64>,
    ) {
        assert_eq!(number(json), base);
    }
}
