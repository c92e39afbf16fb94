-- Conventions, the same in every file of this folder:
--   ids are 16-byte blobs (half of their text, and they stand in every index),
--   instants are microseconds since 1970-01-01T00:00:00Z,
--   civil dates are YYYY-MM-DD, metrics, states and codes are words: an operator can read them,
--   rows of a person have the person first in their key, so that they lie together.
-- Rows that are looked up by a secret before the person is known are keyed by its SHA-256.

create table person (
    id            blob    not null primary key,
    email         text    not null,
    email_folded  text    not null unique,
    name          text    not null,
    password_hash text    not null,
    patient       blob    unique,
    created_at    integer not null,
    -- One more at every transaction that changes an Observation of this person.
    revision      integer not null default 0
) strict, without rowid;

create table session (
    id         blob    not null primary key,
    person     blob    not null references person (id) on delete cascade,
    created_at integer not null,
    expires_at integer not null
) strict, without rowid;

create index session_of_person on session (person);
create index session_expiry on session (expires_at);

create table refresh_token (
    hash       blob    not null primary key,
    session    blob    not null references session (id) on delete cascade,
    issued_at  integer not null,
    -- When it was exchanged, and for what. A live token has neither.
    rotated_at integer,
    successor  blob,
    -- 1: exchanged for nothing, because its predecessor was replayed and got another successor.
    superseded integer not null default 0
) strict, without rowid;

create index refresh_token_of_session on refresh_token (session);

create table throttle (
    key                blob    not null primary key,
    failures_in_a_row  integer not null,
    failures_this_hour integer not null,
    last_failure_at    integer not null
) strict, without rowid;

create index throttle_age on throttle (last_failure_at);

create table one_time (
    hash       blob    not null primary key,
    purpose    text    not null,
    person     blob    references person (id) on delete cascade,
    payload    text    not null,
    expires_at integer not null
) strict, without rowid;

create index one_time_expiry on one_time (expires_at);
create index one_time_of_person on one_time (person) where person is not null;

create table connection (
    -- The integration_id of the API: grows and is never used twice.
    number            integer primary key autoincrement,
    id                blob    not null unique,
    person            blob    not null references person (id) on delete cascade,
    vendor            text    not null,
    state             text    not null,
    vendor_user       text,
    scopes            text    not null default '[]',
    zone              text,
    tokens            text,
    access_expires_at integer,
    tokens_version    integer not null default 0,
    connected_at      integer,
    reconnect_by      integer,
    last_complete_at  integer,
    last_run_at       integer,
    last_error        text,
    attempts          integer not null default 0,
    due_at            integer,
    priority          integer not null default 2,
    lease_token       blob,
    lease_until       integer,
    -- The most urgent trigger since the lease began: what settling must not forget.
    trigger_at        integer,
    trigger_priority  integer,
    unique (person, vendor)
) strict;

create unique index connection_vendor_user on connection (vendor, vendor_user)
    where state in ('active', 'reconnect_needed');
create index connection_due on connection (priority, due_at)
    where state = 'active' and due_at is not null;

create table revocation (
    id          integer primary key autoincrement,
    connection  blob    not null,
    vendor      text    not null,
    vendor_user text,
    envelope    text    not null,
    attempts    integer not null default 0,
    due_at      integer not null
) strict;

create index revocation_due on revocation (due_at);

-- A rowid table on purpose: its leaves take 4 kB of a row and its overflow pages are always full,
-- which an index b-tree (without rowid) does not offer to blobs of this size.
create table sample_day (
    person     blob    not null references person (id) on delete cascade,
    metric     text    not null,
    civil_date text    not null,
    source     text    not null,
    samples    integer not null,
    minimum    integer not null,
    maximum    integer not null,
    total      integer not null,
    first_at   integer not null,
    last_at    integer not null,
    -- SHA-256 of the samples, not of the blob: another codec leaves it as it is.
    digest     blob    not null,
    data       blob    not null,
    primary key (person, metric, civil_date, source)
) strict;

create table observation (
    person       blob    not null references person (id) on delete cascade,
    id           blob    not null,
    metric       text    not null,
    civil_date   text    not null,
    started_at   integer not null,
    start_offset integer not null,
    ended_at     integer,
    end_offset   integer,
    value        integer not null,
    low          integer,
    high         integer,
    preliminary  integer not null,
    status       text    not null,
    version      integer not null,
    issued       integer not null,
    primary key (person, id)
) strict, without rowid;

-- Read backwards: newest first.
create index observation_by_day on observation (person, civil_date, started_at, id)
    where status <> 'entered-in-error';
create index observation_by_metric on observation
    (person, metric, civil_date, started_at, id, status);

create table coverage (
    person       blob    not null references person (id) on delete cascade,
    metric       text    not null,
    civil_date   text    not null,
    state        text    not null,
    reason       text,
    samples      integer not null,
    implausible  integer not null,
    ours         text,
    vendor       text,
    read_at      integer,
    read_closed  integer not null,
    -- Observations of the day that stand, kept in step by the transaction that changes them.
    observations integer not null default 0,
    primary key (person, metric, civil_date)
) strict, without rowid;

create table sync_run (
    person      blob    not null references person (id) on delete cascade,
    started_at  integer not null,
    id          blob    not null,
    connection  blob    not null,
    finished_at integer not null,
    outcome     text    not null,
    report      text    not null,
    primary key (person, started_at, id)
) strict, without rowid;
