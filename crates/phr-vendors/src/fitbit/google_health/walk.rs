//! Reading everything in a window, page by page, without losing anything.
//!
//! Only an absent token ends a walk: pages may be short, even empty. A page never gives more than
//! about 5,000 points, and **points that share the last timestamp of a page are skipped by the next
//! page**, with no error (measured on the live service). So windows are chosen to fit one page, and
//! where a token comes all the same, the walk goes to its end and then reads each *seam* anew: the
//! second around the last point of every page that had a token. What the seam's own answer says
//! takes the place of everything the walk found in that second, so that nothing is lost and nothing
//! counted twice, and two equal points that really are two stay two.
//!
//! Nothing partial is ever returned: a walk is complete or an error.

use std::{collections::BTreeSet, time::Duration};

use tracing::warn;

use super::{
    api::{Api, Ask, Call},
    data_type::PointType,
    page::{ItemReader, Page, parse},
    point::{Point, PointReader},
    span::{Civil, Second},
};
use crate::{error::VendorError, fitbit::failure::Failure, vendor::Access};

/// The largest page size that Google accepts; larger ones are cut silently.
const PAGE_SIZE: u32 = 10_000;
/// Pages that are too big (504) are halved down to this.
const SMALLEST_PAGE: u32 = 1_000;
/// A walk with more pages than this goes in circles.
const MOST_PAGES: usize = 60;
/// A page may give its own token back, but not on and on.
const MOST_STANDSTILLS: u32 = 3;
/// A walk that takes longer than this gets nowhere.
const LONGEST_WALK: Duration = Duration::from_mins(5);
/// A seam that does not fit one page is asked for again: pages are short by whim.
const SEAM_TRIES: u32 = 3;
/// Before a smaller page is asked for.
const BREATH: Duration = Duration::from_secs(1);

/// Reads the merged stream of one data type of one person.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) api: &'a Api,
    pub(super) access: &'a Access,
    /// In paths (`heart-rate`).
    pub(super) data_type: &'static str,
}

/// Everything of a walk.
struct Walked<T> {
    items: Vec<T>,
    /// Where in `items` a page with a token ended.
    seams: Vec<usize>,
}

impl Walk<'_> {
    /// Every point in `window`, newest first, in no particular order within a second.
    pub(super) async fn points(
        &self,
        points: &'static PointType,
        window: Civil,
    ) -> Result<Vec<Point>, VendorError> {
        let reading = async {
            let walked = self.all(&window.filter(points), PointReader(points)).await?;
            self.mend(points, window, walked).await
        };
        let mut found = in_time(reading).await?;
        let before = found.len();
        found.retain(|point| !window.excludes(point));
        if found.len() < before {
            let strays = before - found.len();
            warn!(data_type = self.data_type, strays, "points outside of the window were dropped");
        }
        Ok(found)
    }

    /// Every daily value that `filter` lets through. Dates are unique, so no seam can lose any.
    pub(super) async fn dailies<R: ItemReader + Send + Sync>(
        &self,
        filter: &str,
        reader: R,
    ) -> Result<Vec<R::Item>, VendorError>
    where
        R::Item: Send,
    {
        in_time(async { Ok(self.all(filter, reader).await?.items) }).await
    }

    /// Every session that `filter` lets through, and whether that took more than a page: then some
    /// may have been lost between two pages.
    pub(super) async fn sessions<R: ItemReader + Send + Sync>(
        &self,
        filter: &str,
        reader: R,
    ) -> Result<(Vec<R::Item>, bool), VendorError>
    where
        R::Item: Send,
    {
        let walked = in_time(self.all(filter, reader)).await?;
        Ok((walked.items, !walked.seams.is_empty()))
    }

    /// Replaces the second around each seam by that second's own answer.
    async fn mend(
        &self,
        points: &'static PointType,
        window: Civil,
        walked: Walked<Point>,
    ) -> Result<Vec<Point>, VendorError> {
        let Walked { mut items, seams } = walked;
        let ends = seams.into_iter().filter_map(|end| items.get(end));
        let seconds: BTreeSet<Second> = ends.map(|point| Second::of(point.at)).collect();
        items.retain(|point| !seconds.contains(&Second::of(point.at)));
        for second in seconds {
            let exact = self.second(points, second).await?;
            items.extend(exact.into_iter().filter(|point| !window.excludes(point)));
        }
        Ok(items)
    }

    /// Every point in a second, proven by an answer that had no seam.
    async fn second(
        &self,
        points: &'static PointType,
        second: Second,
    ) -> Result<Vec<Point>, VendorError> {
        for _ in 0..SEAM_TRIES {
            let walked = self.all(&second.filter(points), PointReader(points)).await?;
            if walked.seams.is_empty() {
                return Ok(walked.items);
            }
        }
        Err(VendorError::Unreadable)
    }

    /// Walks to the end; begins anew with smaller pages after a 504, and once after a lost token.
    async fn all<R: ItemReader + Send + Sync>(
        &self,
        filter: &str,
        reader: R,
    ) -> Result<Walked<R::Item>, VendorError>
    where
        R::Item: Send,
    {
        let (mut size, mut lost_tokens) = (PAGE_SIZE, 0);
        loop {
            match self.once(filter, size, reader).await {
                Err(Failure::TooBig) if size / 2 >= SMALLEST_PAGE => {
                    size /= 2;
                    self.api.pace.pause(self.api.pace.jitter(BREATH)).await;
                }
                Err(Failure::PageToken) if lost_tokens == 0 => lost_tokens += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn once<R: ItemReader + Send + Sync>(
        &self,
        filter: &str,
        size: u32,
        reader: R,
    ) -> Result<Walked<R::Item>, Failure>
    where
        R::Item: Send,
    {
        let mut walked = Walked { items: Vec::new(), seams: Vec::new() };
        let (mut token, mut standstills) = (None, 0);
        for _ in 0..MOST_PAGES {
            let page = self.page(filter, size, token.as_deref(), reader).await?;
            let had_items = !page.items.is_empty();
            walked.items.extend(page.items);
            match page.next {
                None => return Ok(walked),
                Some(next) if token.as_ref() == Some(&next) => standstills += 1,
                Some(next) => token = Some(next),
            }
            if standstills > MOST_STANDSTILLS {
                break;
            }
            if had_items {
                walked.seams.push(walked.items.len() - 1);
            }
        }
        Err(VendorError::Unreadable.into())
    }

    async fn page<R: ItemReader + Send + Sync>(
        &self,
        filter: &str,
        size: u32,
        token: Option<&str>,
        reader: R,
    ) -> Result<Page<R::Item>, Failure> {
        let path = format!("/v4/users/me/dataTypes/{}/dataPoints:reconcile", self.data_type);
        let size = size.to_string();
        let mut query = vec![("filter", filter), ("pageSize", size.as_str())];
        query.extend(token.map(|token| ("pageToken", token)));
        let call = Call {
            endpoint: "reconcile",
            data_type: self.data_type,
            path: &path,
            ask: Ask::Page(&query),
        };
        let read = |body: &[u8]| parse("dataPoints", reader, body);
        let page = self.api.call(self.access, &call, read).await?;
        if page.skipped > 0 {
            let skipped = page.skipped;
            warn!(
                data_type = self.data_type,
                skipped, "points without a usable value were skipped"
            );
        }
        Ok(page)
    }
}

/// Ends what takes for ever.
async fn in_time<T>(
    reading: impl Future<Output = Result<T, VendorError>>,
) -> Result<T, VendorError> {
    tokio::time::timeout(LONGEST_WALK, reading).await.unwrap_or(Err(VendorError::Unavailable))
}
