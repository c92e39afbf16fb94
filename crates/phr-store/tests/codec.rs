//! The codec: everything comes back, and nothing broken is believed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;
use phr_model::Sample;
use phr_store::codec::{Unreadable, content_digest, decode, encode};
use proptest::{collection::vec, prelude::*};

fn any_sample() -> impl Strategy<Value = Sample> {
    let micros = Timestamp::MIN.as_microsecond()..=Timestamp::MAX.as_microsecond();
    let likely = 1_700_000_000_000_000_i64..1_800_000_000_000_000;
    let value = prop_oneof![any::<i64>(), 0..3_000_i64];
    (prop_oneof![micros, likely], any::<u32>(), any::<i32>(), value).prop_map(
        |(micros, seconds, offset_seconds, value)| {
            let at = Timestamp::from_microsecond(micros).unwrap();
            Sample { at, seconds, offset_seconds, value }
        },
    )
}

/// `count` samples with the given spacing, all else constant.
fn regular(count: i64, every: i64, value: impl Fn(i64) -> i64) -> Vec<Sample> {
    let sample = |n: i64| Sample {
        at: Timestamp::from_second(1_770_000_000 + n * every).unwrap(),
        seconds: 60,
        offset_seconds: 3_600,
        value: value(n),
    };
    (0..count).map(sample).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_day_comes_back(samples in vec(any_sample(), 0..300)) {
        let blob = encode(&samples).unwrap();
        prop_assert_eq!(decode(&blob, samples.len()), Ok(samples));
    }

    #[test]
    fn noise_is_an_error_and_no_panic(blob in vec(any::<u8>(), 0..400), count in 0_usize..5_000) {
        let _ = decode(&blob, count);
    }

    #[test]
    fn a_damaged_blob_is_an_error_or_other_samples(
        samples in vec(any_sample(), 1..300),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut blob = encode(&samples).unwrap();
        for (place, byte) in damage {
            let place = place.index(blob.len());
            blob[place] = byte;
        }
        if let Ok(read) = decode(&blob, samples.len()) {
            prop_assert_eq!(read == samples, content_digest(&read) == content_digest(&samples));
        }
    }

    #[test]
    fn a_cut_blob_is_an_error(samples in vec(any_sample(), 1..100), cut in any::<prop::sample::Index>()) {
        let blob = encode(&samples).unwrap();
        let cut = cut.index(blob.len());
        prop_assert_eq!(decode(&blob[..cut], samples.len()), Err(Unreadable));
    }
}

#[test]
fn a_regular_day_costs_next_to_nothing() {
    assert!(encode(&regular(1_440, 60, |_| 72)).unwrap().len() < 30);
    assert!(encode(&regular(1, 0, |_| 70_000_000)).unwrap().len() < 30);
    assert_eq!(encode(&[]).unwrap().len(), 14);
}

#[test]
fn irregular_seconds_and_values_take_about_a_byte_together() {
    let mut state = 1_u64;
    let mut random = move |below: i64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 40).unwrap() % below
    };
    let (mut samples, mut second, mut value) = (regular(37_000, 1, |_| 0), 1_770_000_000, 700);
    for sample in &mut samples {
        second += 1 + random(3);
        value = (value + 10 * (random(3) - 1)).clamp(450, 1_900);
        sample.at = Timestamp::from_second(second).unwrap();
        sample.value = value;
    }
    let blob = encode(&samples).unwrap();
    assert!(blob.len() < 37_000 * 6 / 10, "{} bytes", blob.len());
    assert_eq!(decode(&blob, 37_000).unwrap(), samples);
}

#[test]
fn another_count_version_or_tail_is_an_error() {
    let samples = regular(100, 60, |n| n * n);
    let blob = encode(&samples).unwrap();
    assert_eq!(decode(&blob, 99), Err(Unreadable));
    assert_eq!(decode(&[&blob[..], &[0]].concat(), 100), Err(Unreadable));
    assert_eq!(decode(&[&[2], &blob[1..]].concat(), 100), Err(Unreadable));
}

#[test]
fn the_digest_sees_every_field_and_the_order() {
    let samples = regular(3, 60, |n| n);
    let mut digests = vec![content_digest(&samples), content_digest(&samples[..2])];
    for change in [
        |sample: &mut Sample| sample.at = Timestamp::from_second(1).unwrap(),
        |sample: &mut Sample| sample.seconds = 61,
        |sample: &mut Sample| sample.offset_seconds = 0,
        |sample: &mut Sample| sample.value = 9,
    ] {
        let mut changed = samples.clone();
        change(&mut changed[1]);
        digests.push(content_digest(&changed));
    }
    let mut turned = samples;
    turned.reverse();
    digests.push(content_digest(&turned));
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 7);
}
