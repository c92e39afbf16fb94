//! One blob a day: the samples of a day as compressed columns. Pure.
//!
//! ```text
//! blob    = version (1 byte) count (varint) at seconds offset value    -- four columns
//! column  = 0 start step                        -- a straight line: start + step * n
//!         | width start scale length bytes      -- Pcodec: start + scale * unsigned number
//! ```
//!
//! `start` and `step` are zigzag varints, `scale` and `length` varints; `width` is 2, 4 or 8: bytes of
//! the numbers that Pcodec packed (its standalone format). Times are microseconds since 1970. A
//! column that is constant or evenly spaced (offsets, lengths of intervals, the minutes of a day)
//! takes a few bytes whatever the number of samples; taking out what all numbers have in common
//! (whole seconds, whole beats) before packing saves a sixth of a day that has a sample a minute.

use jiff::Timestamp;
use pco::{ChunkConfig, data_types::Number, standalone};
use phr_model::Sample;
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
/// The first byte of a column: a straight line, or the bytes of a packed number.
const LINE: u8 = 0;
const NARROW: u8 = 2;
const MIDDLE: u8 = 4;
const WIDE: u8 = 8;

/// A blob does not hold the samples it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the blob does not hold a day of samples")]
pub struct Unreadable;

/// Why samples could not be encoded: Pcodec takes at most 2^24 numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many samples for one day")]
pub struct TooMany;

/// The blob of `samples`.
///
/// # Errors
/// [`TooMany`], far beyond what a device records in a day.
pub fn encode(samples: &[Sample]) -> Result<Vec<u8>, TooMany> {
    let mut blob = vec![VERSION];
    put_varint(&mut blob, samples.len() as u64);
    let mut numbers = Vec::with_capacity(samples.len());
    for column in COLUMNS {
        numbers.clear();
        numbers.extend(samples.iter().map(column));
        put_column(&mut blob, &numbers)?;
    }
    Ok(blob)
}

/// The samples of `blob`, which must be exactly `count`.
///
/// # Errors
/// [`Unreadable`] for anything that [`encode`] did not make of `count` samples.
pub fn decode(blob: &[u8], count: usize) -> Result<Vec<Sample>, Unreadable> {
    let mut rest = blob;
    if take(&mut rest, 1)? != [VERSION] || take_varint(&mut rest)? != count as u64 {
        return Err(Unreadable);
    }
    let at = take_column(&mut rest, count)?;
    let seconds = take_column(&mut rest, count)?;
    let offset = take_column(&mut rest, count)?;
    let value = take_column(&mut rest, count)?;
    if !rest.is_empty() {
        return Err(Unreadable);
    }
    let rows = at.into_iter().zip(seconds).zip(offset).zip(value);
    rows.map(|(((at, seconds), offset), value)| sample(at, seconds, offset, value)).collect()
}

/// SHA-256 of the samples themselves, in their order: another codec leaves it as it is.
pub fn content_digest(samples: &[Sample]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for sample in samples {
        let mut row = [0_u8; 24];
        let (at, rest) = row.split_at_mut(8);
        let (seconds, rest) = rest.split_at_mut(4);
        let (offset, value) = rest.split_at_mut(4);
        at.copy_from_slice(&sample.at.as_microsecond().to_le_bytes());
        seconds.copy_from_slice(&sample.seconds.to_le_bytes());
        offset.copy_from_slice(&sample.offset_seconds.to_le_bytes());
        value.copy_from_slice(&sample.value.to_le_bytes());
        hash.update(row);
    }
    hash.finalize().into()
}

const COLUMNS: [fn(&Sample) -> i64; 4] = [
    |sample| sample.at.as_microsecond(),
    |sample| i64::from(sample.seconds),
    |sample| i64::from(sample.offset_seconds),
    |sample| sample.value,
];

fn sample(at: i64, seconds: i64, offset: i64, value: i64) -> Result<Sample, Unreadable> {
    Ok(Sample {
        at: Timestamp::from_microsecond(at).map_err(|_| Unreadable)?,
        seconds: u32::try_from(seconds).map_err(|_| Unreadable)?,
        offset_seconds: i32::try_from(offset).map_err(|_| Unreadable)?,
        value,
    })
}

fn put_column(blob: &mut Vec<u8>, numbers: &[i64]) -> Result<(), TooMany> {
    if let Some((start, step)) = line_through(numbers) {
        blob.push(LINE);
        put_varint(blob, zigzag(start));
        put_varint(blob, zigzag(step));
        return Ok(());
    }
    let start = numbers.iter().copied().min().unwrap_or_default();
    let above = |number: &i64| number.cast_unsigned().wrapping_sub(start.cast_unsigned());
    let scale = numbers.iter().map(above).fold(0, common_divisor).max(1);
    let scaled = numbers.iter().map(|number| above(number) / scale);
    let (width, packed) = match scaled.clone().max().unwrap_or_default() {
        0..=0xffff => (NARROW, pack::<u16>(scaled)?),
        0x1_0000..=0xffff_ffff => (MIDDLE, pack::<u32>(scaled)?),
        _ => (WIDE, pack::<u64>(scaled)?),
    };
    blob.push(width);
    put_varint(blob, zigzag(start));
    put_varint(blob, scale);
    put_varint(blob, packed.len() as u64);
    blob.extend_from_slice(&packed);
    Ok(())
}

fn take_column(rest: &mut &[u8], count: usize) -> Result<Vec<i64>, Unreadable> {
    let [width] = take(rest, 1)? else { return Err(Unreadable) };
    let start = unzigzag(take_varint(rest)?);
    if *width == LINE {
        return line(start, unzigzag(take_varint(rest)?), count);
    }
    let scale = take_varint(rest)?;
    let length = usize::try_from(take_varint(rest)?).map_err(|_| Unreadable)?;
    let packed = take(rest, length)?;
    match *width {
        NARROW => unpack::<u16>(packed, count, start, scale),
        MIDDLE => unpack::<u32>(packed, count, start, scale),
        WIDE => unpack::<u64>(packed, count, start, scale),
        _ => Err(Unreadable),
    }
}

/// Packs numbers that fit `N`, as the caller has seen.
fn pack<N>(numbers: impl Iterator<Item = u64>) -> Result<Vec<u8>, TooMany>
where
    N: Number + TryFrom<u64>,
{
    let numbers: Vec<N> =
        numbers.map(N::try_from).collect::<Result<_, _>>().map_err(|_| TooMany)?;
    standalone::simple_compress(&numbers, &ChunkConfig::default()).map_err(|_| TooMany)
}

fn unpack<N: Number + Into<u64>>(
    packed: &[u8],
    count: usize,
    start: i64,
    scale: u64,
) -> Result<Vec<i64>, Unreadable> {
    let mut numbers = vec![N::default(); count];
    let progress = standalone::simple_decompress_into(packed, &mut numbers);
    if !progress.is_ok_and(|progress| progress.finished && progress.n_processed == count) {
        return Err(Unreadable);
    }
    let number = |number: N| start.checked_add_unsigned(scale.checked_mul(number.into())?);
    numbers.into_iter().map(number).collect::<Option<_>>().ok_or(Unreadable)
}

/// Euclid's algorithm; 0 and a number have that number in common.
fn common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Start and step of the straight line that `numbers` lie on, if they do.
fn line_through(numbers: &[i64]) -> Option<(i64, i64)> {
    let start = numbers.first().copied().unwrap_or(0);
    let step = match numbers.get(1) {
        Some(second) => second.checked_sub(start)?,
        None => 0,
    };
    let straight = numbers.windows(2).all(|pair| match pair {
        [one, next] => next.checked_sub(*one) == Some(step),
        _ => true,
    });
    straight.then_some((start, step))
}

fn line(start: i64, step: i64, count: usize) -> Result<Vec<i64>, Unreadable> {
    let count = i64::try_from(count).map_err(|_| Unreadable)?;
    let points = (0..count).map(|n| step.checked_mul(n).and_then(|way| start.checked_add(way)));
    points.collect::<Option<_>>().ok_or(Unreadable)
}

/// Small numbers of either sign as small unsigned ones.
fn zigzag(number: i64) -> u64 {
    (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

/// LEB128: seven bits a byte, the lowest first.
fn put_varint(blob: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        blob.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    blob.push((number & 0x7f) as u8);
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take(rest, 1)? else { return Err(Unreadable) };
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Unreadable)
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], Unreadable> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Unreadable)?;
    *rest = left;
    Ok(taken)
}
