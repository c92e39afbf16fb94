//! Rows of CSV files, with errors that say where.

use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Why recordings cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// None of the files is there, or all are empty.
    #[error("{} holds no recordings: it needs at least one of heart_rate_by_5_seconds.csv, heart_rate_by_minute.csv, steps_by_minute.csv, calories_by_hour.csv, activity_by_day.csv, sleep_by_day.csv, weight.csv with rows", folder.display())]
    Nothing {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is there but cannot be read.
    #[error("{file} cannot be read: {source}")]
    File {
        /// Name of the file.
        file: String,
        /// Why not.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("{file} has no column {column}")]
    Column {
        /// Name of the file.
        file: String,
        /// The column.
        column: &'static str,
    },
    /// A cell cannot be understood. The value itself is not shown: it may be somebody's health.
    #[error("{file}, line {line}, column {column}: {problem}")]
    Cell {
        /// Name of the file.
        file: String,
        /// Line number, the header being 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
}

/// The wanted cells of one line.
pub(super) struct Row<'a, const N: usize> {
    file: &'a str,
    line: u64,
    columns: [&'static str; N],
    cells: [&'a str; N],
}

/// Reads the wanted columns of a file; an absent file has no rows.
pub(super) fn read<const N: usize>(
    folder: &Path,
    file: &str,
    columns: [&'static str; N],
    each: impl FnMut(&Row<'_, N>) -> Result<(), RecordingError>,
) -> Result<(), RecordingError> {
    read_some(folder, file, (columns, N), each)
}

/// The same where only the first so many columns must be there; cells of others are empty.
pub(super) fn read_some<const N: usize>(
    folder: &Path,
    file: &str,
    (columns, required): ([&'static str; N], usize),
    mut each: impl FnMut(&Row<'_, N>) -> Result<(), RecordingError>,
) -> Result<(), RecordingError> {
    let path = folder.join(file);
    if !path.exists() {
        return Ok(());
    }
    let unreadable = |source| RecordingError::File { file: file.to_owned(), source };
    let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
    let headers = reader.headers().map_err(unreadable)?.clone();
    let mut places = [None; N];
    for (index, (place, column)) in places.iter_mut().zip(columns).enumerate() {
        *place = headers.iter().position(|header| header.trim() == column);
        if place.is_none() && index < required {
            return Err(RecordingError::Column { file: file.to_owned(), column });
        }
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(unreadable)? {
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |place| record.get(place).unwrap_or_default().trim();
        let cells = places.map(|place| place.map_or("", cell));
        each(&Row { file, line, columns, cells })?;
    }
    Ok(())
}

impl<const N: usize> Row<'_, N> {
    fn wrong(&self, index: usize, problem: &'static str) -> RecordingError {
        let column = self.columns[index];
        RecordingError::Cell { file: self.file.to_owned(), line: self.line, column, problem }
    }

    /// A pseudonym that can stand in an e-mail address.
    pub(super) fn user(&self, index: usize) -> Result<&str, RecordingError> {
        let user = self.cells[index];
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if user.is_empty() || !user.bytes().all(plain) {
            return Err(self.wrong(index, "a pseudonym of letters, digits, - or _ was expected"));
        }
        Ok(user)
    }

    /// Local civil time.
    pub(super) fn time(&self, index: usize) -> Result<DateTime, RecordingError> {
        let problem = "a local time like 2016-04-12T07:30:00 was expected";
        let text = Some(self.cells[index]).filter(|text| text.len() == 19);
        text.and_then(|text| text.parse().ok()).ok_or_else(|| self.wrong(index, problem))
    }

    pub(super) fn date(&self, index: usize) -> Result<Date, RecordingError> {
        let text = Some(self.cells[index]).filter(|text| text.len() == 10);
        let parsed = text.and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| self.wrong(index, "a date like 2016-04-12 was expected"))
    }

    /// Microseconds since the epoch of a local time; the first of two when clocks go back.
    pub(super) fn instant(
        &self,
        index: usize,
        time: DateTime,
        zone: &TimeZone,
    ) -> Result<i64, RecordingError> {
        let instant = zone.to_ambiguous_timestamp(time).compatible();
        instant
            .map(jiff::Timestamp::as_microsecond)
            .map_err(|_| self.wrong(index, "the time is out of range"))
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&self, index: usize) -> Result<i32, RecordingError> {
        self.decimal(index, 0)
    }

    /// A decimal number that is not negative, in units of its `digits`th decimal digit. Exact;
    /// further digits are rounded.
    pub(super) fn decimal(&self, index: usize, digits: usize) -> Result<i32, RecordingError> {
        let parsed = decimal(self.cells[index], digits);
        parsed.ok_or_else(|| self.wrong(index, "a plausible number was expected"))
    }

    /// The same where nothing stands for nothing.
    pub(super) fn decimal_if_any(
        &self,
        index: usize,
        digits: usize,
    ) -> Result<Option<i32>, RecordingError> {
        let is_there = !self.cells[index].is_empty();
        is_there.then(|| self.decimal(index, digits)).transpose()
    }

    /// A whole number from 1 to `most`.
    pub(super) fn counted(&self, index: usize, most: i32) -> Result<i32, RecordingError> {
        let count = self.whole(index)?;
        let fits = (1..=most).contains(&count);
        fits.then_some(count).ok_or_else(|| self.wrong(index, "a plausible number was expected"))
    }

    pub(super) fn truth(&self, index: usize) -> Result<bool, RecordingError> {
        match self.cells[index] {
            "True" | "true" | "1" => Ok(true),
            "False" | "false" | "0" | "" => Ok(false),
            _ => Err(self.wrong(index, "True or False was expected")),
        }
    }
}

fn decimal(text: &str, digits: usize) -> Option<i32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(digits).collect();
    let rounds_up = fraction.as_bytes().get(digits).is_some_and(|digit| *digit >= b'5');
    let value: i64 = format!("{whole}{kept}").parse().ok()?;
    i32::try_from(value + i64::from(rounds_up)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_further_digits_rounded() {
        assert_eq!(decimal("62.5", 6), Some(62_500_000));
        assert_eq!(decimal("2.67000007629", 6), Some(2_670_000));
        assert_eq!(decimal("0.0000005", 6), Some(1));
        assert_eq!(decimal("75", 0), Some(75));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in ["", ".5", "-1", "1e3", "NaN", "1,5", "99999999999"] {
            assert_eq!(decimal(text, 0), None, "{text}");
        }
    }
}
