//! A page of items, read one by one into what the caller wants of each: no tree, no strings.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{json::ParseError, point::Point};

/// A page, in the vendor's order (newest first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T = Point> {
    /// What was read.
    pub items: Vec<T>,
    /// Token of the next page; none on the last.
    pub next: Option<String>,
    /// Items that carried no usable value.
    pub skipped: u32,
}

/// Parses a page whose items stand in the member `array`.
pub(super) fn parse<R: ItemReader>(
    array: &'static str,
    reader: R,
    body: &[u8],
) -> Result<Page<R::Item>, ParseError> {
    // Checked as a whole, which is several times as fast as string by string.
    let text = std::str::from_utf8(body).map_err(|_| ParseError)?;
    document(array, reader, &mut serde_json::Deserializer::from_str(text))
}

/// The same of a body that comes in pieces.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn parse_pieces<R: ItemReader>(
    array: &'static str,
    reader: R,
    body: impl std::io::Read,
) -> Result<Page<R::Item>, ParseError> {
    document(array, reader, &mut serde_json::Deserializer::from_reader(body))
}

fn document<'de, R: ItemReader>(
    array: &'static str,
    reader: R,
    json: &mut serde_json::Deserializer<impl serde_json::de::Read<'de>>,
) -> Result<Page<R::Item>, ParseError> {
    let page = PageSeed { array, reader }.deserialize(&mut *json).map_err(|_| ParseError)?;
    json.end().map_err(|_| ParseError)?;
    Ok(page)
}

/// Knows how to read one item of an array.
pub(super) trait ItemReader: Copy {
    /// What it reads.
    type Item;

    /// The item, none if it is to be skipped, an error if it spoils the page.
    fn read<'de, D: Deserializer<'de>>(self, json: D) -> Result<Option<Self::Item>, D::Error>;
}

struct PageSeed<R> {
    array: &'static str,
    reader: R,
}

impl<'de, R: ItemReader> DeserializeSeed<'de> for PageSeed<R> {
    type Value = Page<R::Item>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, R: ItemReader> Visitor<'de> for PageSeed<R> {
    type Value = Page<R::Item>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut page = Page { items: Vec::new(), next: None, skipped: 0 };
        while let Some(key) = map.next_key_seed(OneOf(&[self.array, "nextPageToken", "error"]))? {
            match key {
                Some(0) => {
                    map.next_value_seed(ItemsSeed { reader: self.reader, page: &mut page })?;
                }
                Some(1) => page.next = map.next_value::<Option<String>>()?,
                Some(_) => return Err(A::Error::custom("an error instead of a page")),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        page.next = page.next.filter(|token| !token.is_empty());
        Ok(page)
    }
}

struct ItemsSeed<'p, R: ItemReader> {
    reader: R,
    page: &'p mut Page<R::Item>,
}

impl<'de, R: ItemReader> DeserializeSeed<'de> for ItemsSeed<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_option(self)
    }
}

impl<'de, R: ItemReader> Visitor<'de> for ItemsSeed<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of items")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element_seed(ItemSeed(self.reader))? {
            match item {
                Some(item) => self.page.items.push(item),
                None => self.page.skipped += 1,
            }
        }
        Ok(())
    }
}

struct ItemSeed<R>(R);

impl<'de, R: ItemReader> DeserializeSeed<'de> for ItemSeed<R> {
    type Value = Option<R::Item>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        self.0.read(json)
    }
}

/// Reads a member's name as its place in a list; none for names that are not in it.
pub(super) struct OneOf<'n>(pub(super) &'n [&'static str]);

impl<'de> DeserializeSeed<'de> for OneOf<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl Visitor<'_> for OneOf<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }
}
