-- What an Observation is made up of, where one number does not say it all: `deep_sleep:6200,awake:800`,
-- each in its base unit. Null of all others.
alter table observation add column parts text;
alter table made add column parts text;
