-- Migration: Users and chats
-- Description: Who there is, and who talks with whom

CREATE TABLE users (
    id           uuid PRIMARY KEY,
    username     text NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9_]+$'),
    display_name text NOT NULL,
    created_at   timestamptz NOT NULL
);

CREATE TABLE chats (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('direct', 'group')),
    topic      text,
    -- The two who talk, the smaller id first: so there is one direct chat of each pair.
    dm_key     text UNIQUE CHECK (dm_key ~ '^[0-9a-f-]{36}:[0-9a-f-]{36}$' AND left(dm_key, 36) < right(dm_key, 36)),
    created_at timestamptz NOT NULL,
    CHECK ((kind = 'direct') = (dm_key IS NOT NULL)),
    CHECK ((kind = 'group') = (topic IS NOT NULL))
);

CREATE TABLE memberships (
    chat      uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
    member    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role      text NOT NULL CHECK (role IN ('admin', 'member')),
    PRIMARY KEY (chat, member)
);

CREATE INDEX memberships_by_member ON memberships (member);
