-- Other forms of a metric: Observations that are made for one destination from the samples of a day,
-- because it wants them finer or coarser than they are kept.

-- The person's revision at the transaction that last changed anything a day is made of: its samples,
-- what is known about it, or where its person was. Days older than this file stay at 0, which is where
-- every destination begins.
alter table coverage add column revision bigint not null default 0;

create index coverage_by_revision on coverage (person, revision, metric, civil_date);

-- The place among the person's changed days up to which they were made anew and delivered.
alter table delivery add column days_revision bigint not null default 0;
alter table delivery add column days_metric text collate "C" not null default '';
alter table delivery add column days_date text collate "C" not null default '';

-- What a destination is to hold of a day, with the columns of an Observation. What it does hold, and
-- how it was sent, is in "delivered".
create table made (
    person       uuid    not null,
    destination  text collate "C" not null,
    id           uuid    not null,
    metric       text collate "C" not null,
    civil_date   text collate "C" not null,
    started_at   bigint not null,
    start_offset bigint not null,
    ended_at     bigint,
    end_offset   bigint,
    value        bigint not null,
    low          bigint,
    high         bigint,
    preliminary  bigint not null,
    status       text collate "C" not null,
    version      bigint not null,
    issued       bigint not null,
    primary key (person, destination, id),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
);

create index made_by_day on made (person, destination, metric, civil_date, id);

-- Days that would be more Observations than a destination allows, and go in this form instead.
create table coarser_day (
    person      uuid    not null,
    destination text collate "C" not null,
    metric      text collate "C" not null,
    civil_date  text collate "C" not null,
    form        text collate "C" not null,
    primary key (person, destination, metric, civil_date),
    foreign key (person, destination) references delivery (person, destination) on delete cascade
);

create index coarser_day_of_destination on coarser_day (destination);
