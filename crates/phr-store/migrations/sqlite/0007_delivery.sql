-- FHIR servers that Observations go to. There is no queue: what is to be sent is what a person's
-- feed of changes holds behind the position that a server has confirmed.

create table destination (
    name          text    not null primary key,
    url           text    not null,
    -- Digest of everything that decides what is sent. When it changes, everything is looked at anew.
    settings      text    not null,
    -- 0: not in the configuration any more.
    is_open       integer not null default 1,
    -- Failures of the server in a row, the last one's stable code, and until when it is left alone.
    failures      integer not null default 0,
    error         text,
    closed_until  integer,
    -- Confirmed in all, in the (counted since 1970) minute of the last one, and in the one before.
    confirmed     integer not null default 0,
    counted_minute integer not null default 0,
    this_minute   integer not null default 0,
    minute_before integer not null default 0
) strict, without rowid;

-- How far a person's Observations are at a destination. The row is the job.
create table delivery (
    person        blob    not null references person (id) on delete cascade,
    destination   text    not null references destination (name) on delete cascade,
    -- The place in the person's feed up to which everything was confirmed or parked.
    seen_revision integer not null,
    seen_id       blob    not null,
    -- The person's revision at the last change, so that settling misses none.
    wanted        integer not null,
    -- When it goes on; null when there is nothing to send.
    due_at        integer,
    lagging_since integer,
    lease_token   blob,
    lease_until   integer,
    attempts      integer not null default 0,
    error         text,
    -- 1: parked Observations are to be tried again.
    retry         integer not null default 0,
    -- Patient and Device as the server confirmed them (JSON): what it calls them, and their digest.
    introduced    text    not null default '{}',
    -- Identifier of the person's existing chart at the server, as an operator linked it.
    chart         text,
    -- Set once everything was taken back; nothing is sent from then on.
    erased_at     integer,
    primary key (person, destination)
) strict, without rowid;

create index delivery_due on delivery (destination, due_at) where due_at is not null;

-- What a destination holds of a person.
create table delivered (
    person      blob    not null,
    destination text    not null,
    observation blob    not null,
    version     integer not null,
    -- The first half of the SHA-256 of what was sent.
    digest      blob    not null,
    -- The server's own id, where it gives out its own.
    place       text,
    primary key (person, destination, observation),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
) strict, without rowid;

-- What a destination refuses to take. Reasons hold no values.
create table parked (
    person      blob    not null,
    destination text    not null,
    observation blob    not null,
    version     integer not null,
    status      integer not null,
    reason      text    not null,
    parked_at   integer not null,
    -- 1: to be tried again.
    retry       integer not null default 0,
    primary key (person, destination, observation),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
) strict, without rowid;

create index parked_age on parked (parked_at);
