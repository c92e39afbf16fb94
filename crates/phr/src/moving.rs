//! `phr migrate --from ... --to ...`: a grown installation moves to another database.

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use phr_store::{
    DatabaseUrl,
    transfer::{self, Progress},
};

/// The database that an option names. A mistake in it is not quoted: it may hold a password.
pub(crate) fn place(option: &str, text: &str) -> anyhow::Result<DatabaseUrl> {
    text.parse().with_context(|| option.to_owned())
}

/// Moves everything and says what was moved.
pub(crate) async fn run(from: &DatabaseUrl, to: &DatabaseUrl) -> anyhow::Result<String> {
    if let DatabaseUrl::Sqlite(file) = from {
        // Opening would make an empty one.
        anyhow::ensure!(file.exists(), "--from: there is no file {}", file.display());
    }
    let mut bar = Bar::default();
    let moved = transfer::transfer(from, to, &mut |progress| bar.show(progress)).await;
    bar.end();
    let moved = moved.with_context(|| format!("cannot move {from} to {to}"))?;
    Ok(format!(
        "{rows} rows moved from {from} to {to}. Records compared: {people}, all equal.\nNow let DATABASE_URL name {to} and start the server.\n",
        rows = moved.rows,
        people = moved.people,
    ))
}

/// A line for each table, on standard error if that is a terminal.
#[derive(Default)]
struct Bar {
    shown: Option<(&'static str, ProgressBar)>,
}

impl Bar {
    fn show(&mut self, progress: Progress) {
        let (what, done, total) = match progress {
            Progress::Copying { table, done, total } => (table, done, total),
            Progress::Comparing { done, total } => ("comparing", done, total),
        };
        if self.shown.as_ref().is_none_or(|(shown, _)| *shown != what) {
            self.end();
            self.shown = Some((what, bar(what, total)));
        }
        if let Some((_, bar)) = &self.shown {
            bar.set_position(done);
        }
    }

    fn end(&mut self) {
        if let Some((_, bar)) = self.shown.take() {
            bar.finish();
        }
    }
}

fn bar(what: &'static str, total: u64) -> ProgressBar {
    let template = "{prefix:>14} [{bar:30}] {human_pos} of {human_len}";
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
    ProgressBar::new(total).with_style(style).with_prefix(what)
}
