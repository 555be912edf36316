//! What waits for the site, as `tk-incident deliveries` lists it.

use rusqlite::Row;
use serde_json::{Value, json};

use super::deliveries::ALONE;
use super::{Outage, SpoolReader, now_ms, outage, rows, schema};
use crate::error::Result;

/// The first version of the tables that knows whether a ticket was asked for, and whether it may have twins.
const KNOWS_STEPS: i64 = 6;

/// The first one that knows of outages and digests.
const KNOWS_OUTAGES: i64 = 7;

/// Digests in the columns of the others.
const DIGESTS: &str = "UNION ALL SELECT \
     (SELECT count(*) FROM digest_members m WHERE m.digest_id = g.id) || ' new problems at once', \
     g.key, g.ticket_id, \
     CASE WHEN g.is_done THEN 'settling' \
     WHEN g.ticket_id IS NOT NULL THEN iif(g.attached, 'attached', 'created') \
     WHEN g.asked_ms IS NOT NULL THEN 'creating' ELSE 'pending' END, \
     iif(g.is_done, 0, (SELECT sum(m.count) FROM digest_members m WHERE m.digest_id = g.id)), \
     g.attempts, g.last_error, iif(g.is_done, g.twins_ms, g.next_try_ms) \
     FROM digests g WHERE NOT g.is_done OR g.twins_ms IS NOT NULL";

impl SpoolReader {
    /// Deliveries that are not done, at most so many, in the order in which they come: title, signature, ticket, step,
    /// how many occurrences the site does not know, how often and why it failed, and when it goes on.
    ///
    /// The steps are *evidence*, which is still to be taken; *pending*, without a ticket; *creating*, where one may be
    /// there; *created*, without its archive; *attached*, with occurrences to tell; *settling*, where twins are
    /// looked for, before any further ones are told.
    ///
    /// `outage` is why the site is left alone, where a delivery waits for that and for nothing of its own.
    pub fn deliveries(&self, most: usize) -> Result<Vec<Value>> {
        let outage = self.outage()?;
        self.read(|connection| {
            // A spool that no reporter of today has opened yet.
            let version = schema::version(connection).unwrap_or(0);
            let (asked, twins) =
                if version >= KNOWS_STEPS { ("d.asked_ms", "d.twins_ms") } else { ("NULL", "NULL") };
            // Of what is attached comes first what is due first.
            let settles = format!(
                "(d.delivered_count >= i.count OR ({asked} IS NULL AND d.ticket_id IS NOT NULL AND d.attached \
                 AND {twins} <= d.next_try_ms))"
            );
            let (alone, digests) = if version >= KNOWS_OUTAGES { (ALONE, DIGESTS) } else { ("1", "") };
            let sql = format!(
                "SELECT i.title, i.signature, d.ticket_id, \
                 CASE WHEN {settles} THEN 'settling' \
                 WHEN e.archive IS NULL THEN 'evidence' \
                 WHEN {asked} IS NOT NULL THEN 'creating' \
                 WHEN d.ticket_id IS NOT NULL THEN iif(d.attached, 'attached', 'created') \
                 ELSE 'pending' END, \
                 max(i.count - d.delivered_count, 0), d.attempts, d.last_error, \
                 CASE WHEN {settles} THEN {twins} \
                 WHEN e.archive IS NULL THEN e.due_ms ELSE d.next_try_ms END AS at_ms \
                 FROM deliveries d JOIN incidents i ON i.id = d.incident_id \
                 LEFT JOIN evidence e ON e.incident_id = d.incident_id \
                 WHERE (d.delivered_count < i.count AND {alone}) OR {twins} IS NOT NULL {digests} \
                 ORDER BY at_ms, 2 LIMIT ?1"
            );
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            connection.prepare(&sql)?.query_map([most], |row| delivery(row, outage.as_ref()))?.collect()
        })
    }

    /// What holds up all deliveries now.
    pub fn outage(&self) -> Result<Option<Outage>> {
        self.read(|connection| match schema::version(connection) {
            Ok(version) if version >= KNOWS_OUTAGES => outage::held_up(connection, now_ms()),
            _ => Ok(None),
        })
    }
}

fn delivery(row: &Row<'_>, outage: Option<&Outage>) -> rusqlite::Result<Value> {
    let at_ms = rows::number(row, 7)?;
    let step = rows::text(row, 3)?;
    let held_up = outage.filter(|outage| at_ms < outage.until_ms && step != "evidence");
    let next = jiff::Timestamp::from_millisecond(held_up.map_or(at_ms, |outage| outage.until_ms));
    Ok(json!({
        "title": rows::text(row, 0)?,
        "signature": rows::text(row, 1)?,
        "ticket": rows::number_or_null(row, 2)?,
        "step": step,
        "untold": rows::number(row, 4)?,
        "attempts": rows::number(row, 5)?,
        "last_error": rows::text_or_null(row, 6)?,
        "outage": held_up.map(|outage| &outage.reason),
        "next_try": next.map(|at| at.to_string()).ok(),
    }))
}
