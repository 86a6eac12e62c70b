//! What `cleanup_transient_data()` keeps and what it removes.

use std::error::Error;

use sqlx::{Executor, PgConnection, PgPool, Row, raw_sql};

/// The rows of `retention.sql`, by their labels.
const LABELS: &str = "
    SELECT 'oauth_states', state_key FROM oauth_states WHERE state_key ~ '^(keep|drop): '
    UNION ALL SELECT 'oauth_sessions', session_key FROM oauth_sessions WHERE session_key ~ '^(keep|drop): '
    UNION ALL SELECT 'user_sessions', did FROM user_sessions WHERE did ~ '^(keep|drop): '
    UNION ALL SELECT 'notification_queue', did FROM notification_queue WHERE did ~ '^(keep|drop): '
    ORDER BY 1, 2 DESC";

/// Puts rows on either side of each limit, cleans up, and looks which of them are left. All of it is rolled back.
///
/// # Errors
///
/// A row is gone that is to be kept, or is there and should not be; or the database could not be asked.
pub async fn prove(pool: &PgPool) -> Result<(), Box<dyn Error>> {
    let mut transaction = pool.begin().await?;
    transaction.execute(raw_sql(include_str!("retention.sql"))).await?;
    let rows = labels(&mut transaction).await?;
    transaction.execute("SELECT cleanup_transient_data()").await?;
    let left = labels(&mut transaction).await?;
    transaction.rollback().await?;

    let mut wrong = 0;
    for row in &rows {
        let (table, label) = row;
        let is_left = left.contains(row);
        println!("{}  {table:<18}  {}", if is_left { "kept" } else { "gone" }, &label["keep: ".len()..]);
        wrong += usize::from(is_left != label.starts_with("keep"));
    }
    if wrong > 0 || rows.len() != 11 {
        return Err(format!("the cleanup was wrong about {wrong} of {} rows", rows.len()).into());
    }
    Ok(())
}

async fn labels(connection: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = connection.fetch_all(LABELS).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
