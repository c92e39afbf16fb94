//! Days in another form, within a person's turn.

use phr_model::{Form, Metric};
use phr_store::{
    delivery::Progress,
    made::{ChangedDay, MadeDay},
};
use uuid::Uuid;

use super::{
    remaking::{Wish, remade},
    turn::{Stop, Turn},
};

impl Turn<'_> {
    /// Makes the days anew that changed, one at a time, and sends what turns out different. False if
    /// the turn is over before all are done.
    pub(super) async fn days(&mut self, bundles: &mut u32) -> Result<bool, Stop> {
        let metrics: Vec<Metric> = self.options.forms.keys().copied().collect();
        loop {
            let (lease, after) = (&self.claimed.lease, &self.claimed.days);
            let Some(day) = self.store.next_changed_day(lease, after, &metrics).await? else {
                return Ok(true);
            };
            if !self.may_go_on(bundles) || !self.day(&day, bundles).await? {
                return Ok(false);
            }
            let days = Some(day.position.clone());
            self.deliver(Vec::new(), Progress { days, ..Progress::default() }).await?;
            self.claimed.days = day.position;
        }
    }

    /// Makes a day and sends what the destination lacks of it. False if the turn is over before.
    /// Whoever comes back to the day passes over what was sent.
    async fn day(&mut self, day: &ChangedDay, bundles: &mut u32) -> Result<bool, Stop> {
        let (metric, date) = (day.known.metric, day.known.date);
        if self.options.off.contains(&metric) {
            return Ok(true);
        }
        let (person, now) = (self.claimed.lease.person, self.clock.now());
        if let Some(made) = remade(person, day, self.wish(metric), now) {
            self.tell_if_coarser(day.coarser, &made);
            self.store.write_made(&self.claimed.lease, made).await?;
        }
        let mut after = Uuid::nil();
        loop {
            let (lease, limit) = (&self.claimed.lease, self.options.bundle);
            let page = self.store.pending_of_day(lease, (metric, date), after, limit).await?;
            let Some(last) = page.last() else { return Ok(true) };
            after = last.position.id;
            let was_sent = self.deliver(page, Progress::default()).await?;
            if was_sent && !self.may_go_on(bundles) {
                return Ok(false);
            }
        }
    }

    fn wish(&self, metric: Metric) -> Wish {
        Wish {
            form: self.options.forms.get(&metric).copied(),
            most: self.options.day_cap,
            preliminary: self.options.preliminary,
        }
    }

    /// Nothing is cut in silence.
    fn tell_if_coarser(&self, before: Option<Form>, made: &MadeDay) {
        if let Some(form) = made.coarser.filter(|_| made.coarser != before) {
            let (destination, most) = (self.destination(), self.options.day_cap);
            let (metric, form) = (made.metric.key(), form.key());
            tracing::warn!(destination, metric, form, most, "a day goes in a coarser form");
        }
    }
}
