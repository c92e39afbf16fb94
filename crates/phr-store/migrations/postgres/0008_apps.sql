-- Other people's apps, and what people let them read (SMART App Launch).

create table app (
    -- The client_id.
    id            uuid    not null primary key,
    name          text collate "C"    not null,
    -- JSON array of the addresses that codes may be sent to, as they were registered.
    redirect_uris text collate "C"    not null,
    -- What it may ask for, separated by spaces; null: whatever is offered.
    scopes        text collate "C",
    -- SHA-256 of its secret; null: a public client.
    secret        bytea,
    created_at    bigint not null
);

-- A person lets an app in. Everything that came of one approval hangs on its row and ends with it.
create table app_grant (
    id           uuid    not null primary key,
    person       uuid    not null references person (id) on delete cascade,
    app          uuid    not null references app (id) on delete cascade,
    scopes       text collate "C"    not null,
    -- Where the code was sent, and the SHA-256 that its verifier must have (PKCE, S256).
    redirect_uri text collate "C"    not null,
    challenge    bytea   not null,
    created_at   bigint not null,
    -- When the code was exchanged; null: not yet.
    redeemed_at  bigint,
    -- When it was last read with, give or take a few minutes.
    used_at      bigint,
    -- Until when its tokens may be renewed (offline_access); null: never.
    lasts_until  bigint,
    -- When nothing of it works any more.
    expires_at   bigint not null
);

create index app_grant_of_person on app_grant (person, app);
create index app_grant_of_app on app_grant (app);
create index app_grant_expiry on app_grant (expires_at);

-- Codes, access tokens and refresh tokens. Used ones stay, so that a copy is noticed.
create table app_token (
    hash       bytea   not null primary key,
    app_grant  uuid    not null references app_grant (id) on delete cascade,
    -- code, access or refresh.
    kind       text collate "C"    not null,
    scopes     text collate "C"    not null,
    issued_at  bigint not null,
    expires_at bigint not null,
    -- When it was exchanged; access tokens are not.
    used_at    bigint
);

create index app_token_of_grant on app_token (app_grant, expires_at);
