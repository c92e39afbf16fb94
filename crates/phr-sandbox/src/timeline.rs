//! The points of one person and data type as a request sees them.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::data_type::DataType;
use crate::overlay::Edits;
use crate::person::{Offsets, Person};
use crate::point::{DAY, Family, Point, reconcile};
use crate::world::World;

/// The longest interval a point can span, in microseconds.
pub(crate) const LONGEST: i64 = 65_536 * crate::point::SECOND;

/// A view at the emulated now: edited, complete, filtered by source, merged or not.
pub(crate) struct Timeline<'w> {
    world: &'w World,
    pub(crate) person: &'w Person,
    pub(crate) data_type: DataType,
    pub(crate) edits: Option<Arc<Edits>>,
    pub(crate) family: Family,
    pub(crate) now: i64,
    merged: bool,
    /// Wall clocks show UTC.
    pub(crate) in_utc: bool,
}

impl<'w> Timeline<'w> {
    /// Every source's points, as `list` gives them.
    pub(crate) fn listed(
        world: &'w World,
        person: &'w Person,
        data_type: DataType,
        family: Family,
    ) -> Self {
        let (edits, now) = (world.edits(person, data_type), world.now_micros());
        Self { world, person, data_type, edits, family, now, merged: false, in_utc: false }
    }

    /// One stream without double counting, as `reconcile` and the roll-ups see it.
    pub(crate) fn reconciled(
        world: &'w World,
        person: &'w Person,
        data_type: DataType,
        family: Family,
    ) -> Self {
        Self { merged: true, ..Self::listed(world, person, data_type, family) }
    }

    /// The same view as if the person lived by UTC.
    pub(crate) fn in_utc(self) -> Self {
        Self { in_utc: true, ..self }
    }

    /// The same view as if nothing had ever been changed by hand.
    pub(crate) fn unedited(&self) -> Self {
        Self { edits: None, ..*self }
    }

    /// The UTC days that can hold points starting in `range`.
    pub(crate) fn days(&self, range: &Range<i64>) -> Range<i64> {
        let (from, to) =
            (range.start.max(self.begins()), range.end.min(self.now.saturating_add(1)));
        if from >= to {
            return 0..0;
        }
        from.div_euclid(DAY)..(to - 1).div_euclid(DAY) + 1
    }

    /// The visible points of a UTC day, ascending.
    pub(crate) fn chunk(&self, day: i64) -> Arc<[Point]> {
        let base = self.world.base_points(self.person, self.data_type, day);
        let range = day * DAY..(day + 1) * DAY;
        let edits = self.edits.as_ref().filter(|edits| edits.touches_points());
        let complete = range.end.saturating_add(LONGEST) <= self.now;
        let mixed = || base.windows(2).any(|pair| pair[0].source != pair[1].source);
        if edits.is_none() && complete && self.family == Family::All && !(self.merged && mixed()) {
            return base;
        }
        let none = Edits::default();
        let mut points = edits.map_or(&none, |edits| edits.as_ref()).apply(&base, &range, self.now);
        points.retain(|point| self.family.includes(point.source));
        if self.merged { reconcile(&points).into() } else { points.into() }
    }

    /// Visits the points that start in `range`, ascending.
    pub(crate) fn visit(&self, range: &Range<i64>, mut visit: impl FnMut(&Point)) {
        for day in self.days(range) {
            let chunk = self.chunk(day);
            let from = chunk.partition_point(|point| point.at < range.start);
            let to = chunk.partition_point(|point| point.at < range.end);
            chunk.get(from..to).unwrap_or_default().iter().for_each(&mut visit);
        }
    }

    /// Visits the points that overlap `range`, also those that started before it.
    pub(crate) fn visit_overlapping(&self, range: &Range<i64>, mut visit: impl FnMut(&Point)) {
        let wider = range.start.saturating_sub(LONGEST)..range.end;
        self.visit(&wider, |point| {
            if point.at >= range.start || point.end() > range.start {
                visit(point);
            }
        });
    }

    /// The offsets in force in `range`, as far as there can be points.
    pub(crate) fn offsets(&self, range: &Range<i64>) -> Offsets {
        if self.in_utc {
            return Offsets::utc();
        }
        let from = range.start.max(self.begins().saturating_sub(DAY));
        self.person.whereabouts.offsets(from, range.end.min(self.now.saturating_add(DAY)))
    }

    /// No point starts before this instant.
    fn begins(&self) -> i64 {
        let added = self.edits.as_ref().and_then(|edits| edits.first_added());
        added.map_or(self.person.begins, |first| first.min(self.person.begins))
    }
}

/// Person, data type and UTC day.
type ChunkKey = (usize, DataType, i64);

/// Recently used days, bounded by the number of points they hold.
#[derive(Debug, Default)]
pub(crate) struct ChunkCache {
    /// With the use that touched them last.
    chunks: HashMap<ChunkKey, (Arc<[Point]>, u64)>,
    size: usize,
    uses: u64,
}

/// 1.5 million points are 24 MB, or some forty full-resolution days of heart rate.
const CACHED_POINTS: usize = 1_500_000;
/// What an entry costs besides its points.
const ENTRY: usize = 8;

impl ChunkCache {
    pub(crate) fn get(&mut self, key: ChunkKey) -> Option<Arc<[Point]>> {
        self.uses += 1;
        let (points, used) = self.chunks.get_mut(&key)?;
        *used = self.uses;
        Some(Arc::clone(points))
    }

    pub(crate) fn put(&mut self, key: ChunkKey, points: Arc<[Point]>) {
        self.uses += 1;
        self.size += points.len() + ENTRY;
        if let Some((old, _)) = self.chunks.insert(key, (points, self.uses)) {
            self.size -= old.len() + ENTRY;
        }
        while self.size > CACHED_POINTS {
            let Some(oldest) = self.oldest() else { break };
            if let Some((points, _)) = self.chunks.remove(&oldest) {
                self.size -= points.len() + ENTRY;
            }
        }
    }

    fn oldest(&self) -> Option<ChunkKey> {
        self.chunks.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Source;

    #[test]
    fn the_cache_forgets_the_least_recently_used_day_first() {
        let point = Point { at: 0, value: 1, span: 0, source: Source::Watch };
        let third: Arc<[Point]> = vec![point; CACHED_POINTS / 3 - ENTRY].into();
        let key = |day| (0, DataType::HeartRate, day);
        let mut cache = ChunkCache::default();
        for day in 0..3 {
            cache.put(key(day), Arc::clone(&third));
        }
        assert!(cache.get(key(0)).is_some());
        cache.put(key(3), third);
        assert!(cache.get(key(0)).is_some() && cache.get(key(1)).is_none());
    }
}
