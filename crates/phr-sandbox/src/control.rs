//! The remote control: what a test does to people, their data and their consents.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::data_type::{DataType, Kind, Operation};
use crate::person::Person;
use crate::point::{Family, Point, SECOND, Source};
use crate::timeline::Timeline;
use crate::world::{World, WorldError};

impl World {
    /// Moves the clock; data grows with it.
    pub fn advance(&self, by: SignedDuration) {
        self.clock().advance(by);
    }

    /// Changes the value of the visible point at `instant` (to the second). Where several
    /// sources have one, the source that reconciliation prefers is changed.
    ///
    /// # Errors
    /// Unknown person, no such point, or a value that does not fit.
    pub fn change_sample(
        &self,
        email: &str,
        data_type: DataType,
        instant: Timestamp,
        new_value: f64,
    ) -> Result<(), WorldError> {
        let person = self.person(email)?;
        let value = base_value(data_type, new_value)?;
        let second = instant.as_microsecond().div_euclid(SECOND) * SECOND;
        let point = self
            .visible(person, data_type, second..second + SECOND)
            .into_iter()
            .min_by_key(|point| point.source)
            .ok_or(WorldError::NoSuchPoint { data_type, instant })?;
        self.edit(person, data_type, |edits| edits.change(point.at, point.source, value));
        self.tell_change(person, data_type, point.at..point.end());
        Ok(())
    }

    /// Deletes the points that start in `from..to`, without a trace; gives how many were
    /// visible.
    ///
    /// # Errors
    /// Unknown person.
    pub fn delete_samples(
        &self,
        email: &str,
        data_type: DataType,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<usize, WorldError> {
        let person = self.person(email)?;
        let range = from.as_microsecond()..to.as_microsecond();
        let points = self.visible(person, data_type, range.clone());
        self.edit(person, data_type, |edits| edits.delete(range.clone()));
        // A night belongs to the day of its end, which may lie beyond.
        let told = match (data_type.kind(), &points[..]) {
            (Kind::Session, [first, .., last]) => first.at..last.end(),
            (Kind::Session, [only]) => only.at..only.end(),
            _ => range,
        };
        self.tell_deletion(person, data_type, told);
        Ok(points.len())
    }

    /// Adds a point of `source`: a sample at `instant`, or the minute (of sessions the hour) that
    /// starts there.
    ///
    /// # Errors
    /// Unknown person, a daily type, or a value that does not fit.
    pub fn add_sample(
        &self,
        email: &str,
        data_type: DataType,
        instant: Timestamp,
        value: f64,
        source: Source,
    ) -> Result<(), WorldError> {
        let person = self.person(email)?;
        let value = base_value(data_type, value)?;
        let span = match data_type.kind() {
            Kind::Interval => 60,
            Kind::Session => 3_600,
            Kind::Sample => 0,
            Kind::Daily => return Err(WorldError::NoPoints { data_type }),
        };
        let at = instant.as_microsecond();
        let point = Point { at, value, span, source };
        self.edit(person, data_type, |edits| edits.add(point));
        self.tell_later(person, data_type, at..point.end(), point.end());
        Ok(())
    }

    /// A device that syncs days later: what it recorded in `from..to` stays invisible until the
    /// clock passes `until`.
    ///
    /// # Errors
    /// Unknown person.
    pub fn hold_back(
        &self,
        email: &str,
        data_types: &[DataType],
        from: Timestamp,
        to: Timestamp,
        until: Timestamp,
    ) -> Result<(), WorldError> {
        let person = self.person(email)?;
        let range = from.as_microsecond()..to.as_microsecond();
        for data_type in data_types {
            let until = until.as_microsecond();
            self.edit(person, *data_type, |edits| edits.hold(range.clone(), until));
            self.tell_later(person, *data_type, range.clone(), until);
        }
        Ok(())
    }

    /// Sets the vendor's own figure of a day, whatever the points say. The daily oxygen
    /// saturation may be NaN, which the API prints as `"NaN"`.
    ///
    /// # Errors
    /// Unknown person, a value that does not fit, or a type without daily figures.
    pub fn override_daily(
        &self,
        email: &str,
        data_type: DataType,
        date: Date,
        value: f64,
    ) -> Result<(), WorldError> {
        let person = self.person(email)?;
        let uncomputable = value.is_nan() && data_type.kind() == Kind::Daily;
        if !uncomputable {
            base_value(data_type, value)?;
        }
        let rolled_up = data_type.operations().contains(&Operation::DailyRollUp);
        if !rolled_up && data_type.kind() != Kind::Daily {
            return Err(WorldError::BadValue { data_type, value: "a daily figure".to_owned() });
        }
        self.edit(person, data_type, |edits| {
            edits.daily.insert(date, value);
        });
        self.tell_day(person, data_type, date);
        Ok(())
    }

    /// The person removes the app in their account: every token is dead.
    ///
    /// # Errors
    /// Unknown person.
    pub fn revoke_grant(&self, email: &str) -> Result<(), WorldError> {
        let person = self.person(email)?;
        self.accounts().revoke_person(person.index);
        self.tell_revocation(person);
        self.revoke_web_api(person.index);
        Ok(())
    }

    /// The person takes one scope away: calls answer 403, refreshing still works.
    ///
    /// # Errors
    /// Unknown person.
    pub fn withdraw_scope(&self, email: &str, scope: &str) -> Result<(), WorldError> {
        let index = self.person(email)?.index;
        self.accounts().withdraw_scope(index, scope);
        self.withdraw_web_api_scope(index, scope);
        Ok(())
    }

    /// Ends all access tokens; refresh tokens live on.
    pub fn expire_access_tokens(&self) {
        self.accounts().expire_access_tokens();
        self.expire_web_api_tokens();
    }

    /// Whether the account was never linked to Google Health (400 `ACCOUNT_NOT_LINKED`).
    ///
    /// # Errors
    /// Unknown person.
    pub fn set_unlinked(&self, email: &str, unlinked: bool) -> Result<(), WorldError> {
        self.set_condition(self.person(email)?, |condition| condition.unlinked = unlinked);
        Ok(())
    }

    /// Whether the profile is not set up (412).
    ///
    /// # Errors
    /// Unknown person.
    pub fn set_no_profile(&self, email: &str, no_profile: bool) -> Result<(), WorldError> {
        self.set_condition(self.person(email)?, |condition| condition.no_profile = no_profile);
        Ok(())
    }

    fn visible(
        &self,
        person: &Person,
        data_type: DataType,
        range: std::ops::Range<i64>,
    ) -> Vec<Point> {
        let mut points = Vec::new();
        Timeline::listed(self, person, data_type, Family::All)
            .visit(&range, |point| points.push(*point));
        points
    }
}

fn base_value(data_type: DataType, value: f64) -> Result<i32, WorldError> {
    let refused = || WorldError::BadValue { data_type, value: value.to_string() };
    data_type.to_base(value).filter(|base| *base >= 0).ok_or_else(refused)
}
