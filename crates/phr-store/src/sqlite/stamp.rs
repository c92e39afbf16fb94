//! Whether anything was committed since, without asking.
//!
//! In write-ahead mode all processes on a database share an index of the log, a file beside it. Its
//! header changes with every commit and every start of the log anew: SQLite itself compares these 48
//! bytes to decide whether what a connection has cached is still right
//! (<https://www.sqlite.org/walformat.html#the_wal_index_header>). So equal headers mean equal content,
//! whichever process writes, and reading them takes microseconds; a statement takes two changes of
//! thread.

use std::path::Path;

use self::index::Index;
use crate::stamp::Stamp;

/// Reads the stamp of one database.
#[derive(Debug)]
pub(super) struct Stamps(Index);

impl Stamps {
    pub(super) fn of(database: &Path) -> Self {
        Self(Index::beside(database))
    }

    /// The database's present state; none where that cannot be told for certain.
    pub(super) fn now(&self) -> Option<Stamp> {
        self.0.header().as_ref().and_then(stamp)
    }
}

/// Both copies of the header.
type Header = [u8; 96];

/// The header stands in the index twice. A writer changes one copy after the other, so they are equal
/// unless one is being changed at this moment. The first four bytes are the format's number; byte 12
/// says whether the header is in use.
fn stamp(header: &Header) -> Option<Stamp> {
    let (first, second) = header.split_first_chunk::<48>()?;
    let in_use = first.starts_with(&3_007_000_u32.to_ne_bytes()) && first[12] == 1;
    (in_use && first == second).then_some(Stamp(*first))
}

#[cfg(unix)]
mod index {
    use std::{
        fs::File,
        mem::ManuallyDrop,
        os::unix::fs::{FileExt, MetadataExt},
        path::{Path, PathBuf},
        sync::{Mutex, PoisonError},
    };

    use super::Header;

    /// The index of the log.
    #[derive(Debug)]
    pub(super) struct Index {
        path: PathBuf,
        open: Mutex<Option<Open>>,
    }

    /// Never closed: SQLite's locks on this file are the process's, and POSIX drops them all when
    /// any of the process's descriptors of the file is closed
    /// (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
    #[derive(Debug)]
    struct Open {
        file: ManuallyDrop<File>,
        device: u64,
        inode: u64,
    }

    impl Index {
        pub(super) fn beside(database: &Path) -> Self {
            let mut path = database.as_os_str().to_owned();
            path.push("-shm");
            Self { path: path.into(), open: Mutex::default() }
        }

        /// The header of the file that is there now.
        pub(super) fn header(&self) -> Option<Header> {
            let there = std::fs::metadata(&self.path).ok()?;
            let mut held = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let same = |open: &Open| (open.device, open.inode) == (there.dev(), there.ino());
            if !held.as_ref().is_some_and(same) {
                *held = Some(Open::at(&self.path)?);
                return None;
            }
            let mut header = [0; 96];
            held.as_ref()?.file.read_exact_at(&mut header, 0).ok()?;
            Some(header)
        }
    }

    impl Open {
        fn at(path: &Path) -> Option<Self> {
            let file = ManuallyDrop::new(File::open(path).ok()?);
            let facts = file.metadata().ok()?;
            Some(Self { file, device: facts.dev(), inode: facts.ino() })
        }
    }
}

/// Elsewhere nothing is known of the file, and the database is asked each time.
#[cfg(not(unix))]
mod index {
    use std::path::Path;

    use super::Header;

    #[derive(Debug)]
    pub(super) struct Index;

    impl Index {
        pub(super) fn beside(_database: &Path) -> Self {
            Self
        }

        pub(super) fn header(&self) -> Option<Header> {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use phr_model::PersonId;
    use uuid::Uuid;

    use super::*;
    use crate::{
        account::{Accounts, NewPerson, Person, Session},
        sqlite::SqliteStore,
    };

    const END: Timestamp = Timestamp::constant(3_600, 0);

    async fn a_session(store: &SqliteStore) -> Session {
        let person = Person {
            id: PersonId(Uuid::new_v4()),
            email: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            password_hash: String::new(),
            patient: None,
            created_at: Timestamp::UNIX_EPOCH,
        };
        let id = person.id;
        let new = NewPerson { person, invitation: None };
        store.register(new, Timestamp::UNIX_EPOCH).await.unwrap();
        let session = Session { id: Uuid::new_v4(), person: id, expires_at: END };
        store.open_session(session.clone(), [1; 32], Timestamp::UNIX_EPOCH).await.unwrap();
        session
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn who_is_signed_in_is_asked_once_while_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("phr.db");
        let store = SqliteStore::open_with_readers(&file, 1).await.unwrap();
        let session = a_session(&store).await;
        for _ in 0..2 {
            store.signed_in(session.id, Timestamp::UNIX_EPOCH).await.unwrap().unwrap();
        }
        let only_reader = store.readers.get().await.unwrap();
        store.signed_in(session.id, Timestamp::UNIX_EPOCH).await.unwrap().unwrap();
        store.end_session(session.person, session.id).await.unwrap();
        drop(only_reader);
        assert!(store.signed_in(session.id, Timestamp::UNIX_EPOCH).await.unwrap().is_none());
    }

    fn header() -> [u8; 96] {
        let mut copy = [7; 48];
        copy[..4].copy_from_slice(&3_007_000_u32.to_ne_bytes());
        copy[12] = 1;
        let mut header = [0; 96];
        header[..48].copy_from_slice(&copy);
        header[48..].copy_from_slice(&copy);
        header
    }

    #[test]
    fn a_header_in_use_is_a_stamp() {
        assert_eq!(stamp(&header()).unwrap().0, header()[..48]);
    }

    #[test]
    fn a_header_that_is_being_changed_is_none() {
        let mut torn = header();
        torn[60] ^= 1;
        assert!(stamp(&torn).is_none());
    }

    #[test]
    fn a_header_of_another_format_or_not_in_use_is_none() {
        for byte in [0, 12] {
            let mut other = header();
            other[byte] ^= 1;
            other[48 + byte] ^= 1;
            assert!(stamp(&other).is_none(), "byte {byte}");
        }
    }
}
