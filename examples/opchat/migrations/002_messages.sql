-- Migration: Messages
-- Description: What was said. Only members of a chat write in it

CREATE TABLE messages (
    id      uuid PRIMARY KEY,
    chat    uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
    author  uuid NOT NULL REFERENCES users,
    sent_at timestamptz NOT NULL,
    body    text NOT NULL CHECK (body <> ''),
    FOREIGN KEY (chat, author) REFERENCES memberships
);

CREATE INDEX messages_by_time ON messages (chat, sent_at DESC);
CREATE INDEX messages_by_author ON messages (author);
