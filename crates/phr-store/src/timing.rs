//! How long use cases take in the database.

use std::time::Instant;

use phr_telemetry::record::{self, Access};

/// Times one use case, from asking for a connection to the end of its transaction.
pub(crate) struct Timing {
    access: Access,
    use_case: &'static str,
    begun: Instant,
}

impl Timing {
    /// Begins. `Work` is the type of the closure that a method of the store hands to its
    /// transaction: the compiler names it after the method.
    pub(crate) fn begin<Work>(access: Access) -> Self {
        Self::named(access, method(std::any::type_name::<Work>()))
    }

    /// Begins timing of what has a name already.
    pub(crate) fn named(access: Access, use_case: &'static str) -> Self {
        Self { access, use_case, begun: Instant::now() }
    }

    /// The transaction has begun.
    pub(crate) fn admitted(&mut self) {
        let now = Instant::now();
        record::database_wait(self.access, now.duration_since(self.begun));
        self.begun = now;
    }

    /// The transaction has ended, however.
    pub(crate) fn end(self) {
        record::database(self.access, self.use_case, self.begun.elapsed());
    }
}

/// `record_run` of `<Store as Runs>::record_run<'_, '_>::{{closure}}::{{closure}}`. What names look
/// like is not promised by the language, so anything else counts as `other`.
fn method(closure: &'static str) -> &'static str {
    let path = closure.split_once("::{{closure}}").map_or("", |(path, _)| path);
    let name = path.rsplit("::").next().and_then(|name| name.split('<').next()).unwrap_or_default();
    let is_method = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if is_method { name } else { "other" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_case_is_called_by_its_method() {
        let closure =
            "<store::Sqlite as store::Runs>::record_run<'_, '_>::{{closure}}::{{closure}}";
        assert_eq!(method(closure), "record_run");
    }

    #[test]
    fn what_is_no_method_has_no_name_of_its_own() {
        for odd in ["alloc::string::String", "", "<F as Work>::{{closure}}"] {
            assert_eq!(method(odd), "other", "{odd}");
        }
    }

    /// The same shape as every method of the store.
    #[async_trait::async_trait]
    trait Runs {
        async fn record_run(&self) -> &'static str;
    }

    #[async_trait::async_trait]
    impl Runs for () {
        async fn record_run(&self) -> &'static str {
            let run = 7;
            name_of(move |connection: i32| connection + run)
        }
    }

    fn name_of<Work: FnOnce(i32) -> i32>(_: Work) -> &'static str {
        method(std::any::type_name::<Work>())
    }

    #[tokio::test]
    async fn the_compiler_names_closures_after_their_method() {
        assert_eq!(().record_run().await, "record_run");
    }
}
