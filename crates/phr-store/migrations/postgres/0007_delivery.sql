-- FHIR servers that Observations go to. There is no queue: what is to be sent is what a person's
-- feed of changes holds behind the position that a server has confirmed.

create table destination (
    name          text collate "C" not null primary key,
    url           text collate "C" not null,
    -- Digest of everything that decides what is sent. When it changes, everything is looked at anew.
    settings      text collate "C" not null,
    -- 0: not in the configuration any more.
    is_open       bigint not null default 1,
    -- Failures of the server in a row, the last one's stable code, and until when it is left alone.
    failures      bigint not null default 0,
    error         text collate "C",
    closed_until  bigint,
    -- Confirmed in all, in the (counted since 1970) minute of the last one, and in the one before.
    confirmed     bigint not null default 0,
    counted_minute bigint not null default 0,
    this_minute   bigint not null default 0,
    minute_before bigint not null default 0
);

-- How far a person's Observations are at a destination. The row is the job.
create table delivery (
    person        uuid    not null references person (id) on delete cascade,
    destination   text collate "C" not null references destination (name) on delete cascade,
    -- The place in the person's feed up to which everything was confirmed or parked.
    seen_revision bigint not null,
    seen_id       uuid    not null,
    -- The person's revision at the last change, so that settling misses none.
    wanted        bigint not null,
    -- When it goes on; null when there is nothing to send.
    due_at        bigint,
    lagging_since bigint,
    lease_token   uuid,
    lease_until   bigint,
    attempts      bigint not null default 0,
    error         text collate "C",
    -- 1: parked Observations are to be tried again.
    retry         bigint not null default 0,
    -- Patient and Device as the server confirmed them (JSON): what it calls them, and their digest.
    introduced    text collate "C" not null default '{}',
    -- Identifier of the person's existing chart at the server, as an operator linked it.
    chart         text collate "C",
    -- Set once everything was taken back; nothing is sent from then on.
    erased_at     bigint,
    primary key (person, destination)
);

create index delivery_due on delivery (destination, due_at) where due_at is not null;

-- What a destination holds of a person.
create table delivered (
    person      uuid    not null,
    destination text collate "C" not null,
    observation uuid    not null,
    version     bigint not null,
    -- The first half of the SHA-256 of what was sent.
    digest      uuid    not null,
    -- The server's own id, where it gives out its own.
    place       text collate "C",
    primary key (person, destination, observation),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
);

-- What a destination refuses to take. Reasons hold no values.
create table parked (
    person      uuid    not null,
    destination text collate "C" not null,
    observation uuid    not null,
    version     bigint not null,
    status      bigint not null,
    reason      text collate "C" not null,
    parked_at   bigint not null,
    -- 1: to be tried again.
    retry       bigint not null default 0,
    primary key (person, destination, observation),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
);

create index parked_age on parked (parked_at);
