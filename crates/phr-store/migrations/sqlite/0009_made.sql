-- Other forms of a metric: Observations that are made for one destination from the samples of a day,
-- because it wants them finer or coarser than they are kept.

-- The person's revision at the transaction that last changed anything a day is made of: its samples,
-- what is known about it, or where its person was. Days older than this file stay at 0, which is where
-- every destination begins.
alter table coverage add column revision integer not null default 0;

create index coverage_by_revision on coverage (person, revision, metric, civil_date);

-- The place among the person's changed days up to which they were made anew and delivered.
alter table delivery add column days_revision integer not null default 0;
alter table delivery add column days_metric text not null default '';
alter table delivery add column days_date text not null default '';

-- What a destination is to hold of a day, with the columns of an Observation. What it does hold, and
-- how it was sent, is in "delivered".
create table made (
    person       blob    not null,
    destination  text    not null,
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
    primary key (person, destination, id),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
) strict, without rowid;

create index made_by_day on made (person, destination, metric, civil_date, id);

-- Days that would be more Observations than a destination allows, and go in this form instead.
create table coarser_day (
    person      blob    not null,
    destination text    not null,
    metric      text    not null,
    civil_date  text    not null,
    form        text    not null,
    primary key (person, destination, metric, civil_date),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
) strict, without rowid;

create index coarser_day_of_destination on coarser_day (destination);
