-- Migration: Tokens of agents
-- Description: Optional: for those who set erc8004.agent_tokens to on
-- Date: 2026-03-06
-- atlas:skip-unless current_setting('erc8004.agent_tokens', true) = 'on'

CREATE TABLE agent_mcp_tokens (
    agent      bigint PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER agent_mcp_tokens_touch
    BEFORE UPDATE ON agent_mcp_tokens FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
