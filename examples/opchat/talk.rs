//! The chats, their members, and what they say.

use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate, uuid};
use fake::Fake;
use fake::faker::lorem::en::{Sentence, Words};
use uuid::Uuid;

use crate::people;
use crate::world::{DIRECT, GROUPS, MEMBERS, MESSAGES, below, weighted};

fn id(chat: u64) -> Uuid {
    uuid(&format!("chat {chat}"))
}

/// Groups, and behind them the direct chats.
pub struct Chats;

impl Generate for Chats {
    fn table(&self) -> &str {
        "chats"
    }

    fn columns(&self) -> &[&str] {
        &["id", "kind", "topic", "dm_key", "created_at"]
    }

    fn rows(&self) -> u64 {
        GROUPS + DIRECT
    }

    fn row(&self, chat: u64, random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        let is_group = chat < GROUPS;
        cells.push(id(chat));
        cells.push(if is_group { "group" } else { "direct" });
        cells.push(is_group.then(|| Words(2..4).fake_with_rng::<Vec<String>, _>(random).join(" ")));
        cells.push((!is_group).then(|| {
            let mut pair: Vec<_> = MEMBERS[chat as usize].iter().map(|user| people::id(*user).to_string()).collect();
            pair.sort();
            pair.join(":")
        }));
        cells.push("2025-12-31 12:00:00+00");
    }
}

/// A row for each member of each chat.
pub struct Memberships;

impl Generate for Memberships {
    fn table(&self) -> &str {
        "memberships"
    }

    fn columns(&self) -> &[&str] {
        &["chat", "member", "role"]
    }

    fn rows(&self) -> u64 {
        MEMBERS.iter().map(|members| members.len() as u64).sum()
    }

    fn row(&self, number: u64, _random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        let places =
            |(chat, members): (u64, &'static Vec<u64>)| members.iter().enumerate().map(move |place| (chat, place));
        let mut all = (0..).zip(MEMBERS.iter()).flat_map(places);
        let Some((chat, (place, user))) = all.nth(number as usize) else { return };
        cells.push(id(chat));
        cells.push(people::id(*user));
        cells.push(if place == 0 { "admin" } else { "member" });
    }
}

/// Over the days from 1 January 2026 on, a Thursday.
const DAYS_OF_MONTHS: [u64; 4] = [31, 28, 31, 30];

/// What a day and an hour weigh: Monday to Friday and nine to six are when people write.
const WEIGHTS_OF_DAYS: [u64; 7] = [8, 8, 1, 1, 8, 8, 8];
const WEIGHTS_OF_HOURS: [u64; 24] = [1, 1, 1, 1, 1, 1, 1, 2, 4, 20, 24, 24, 12, 18, 24, 24, 20, 14, 4, 3, 3, 2, 2, 1];

/// What the members write, whenever they do.
pub struct Messages;

impl Generate for Messages {
    fn table(&self) -> &str {
        "messages"
    }

    fn columns(&self) -> &[&str] {
        &["id", "chat", "author", "sent_at", "body"]
    }

    fn rows(&self) -> u64 {
        MESSAGES
    }

    fn row(&self, number: u64, random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        // Two of three are for a group; some chats are busier than others.
        let (first, chats) = if below(random, 3) < 2 { (0, GROUPS) } else { (GROUPS, DIRECT) };
        let chat = first + below(random, chats).min(below(random, chats));
        let members = &MEMBERS[chat as usize];
        let author = members[below(random, members.len() as u64) as usize];
        cells.push(uuid(&format!("message {number}")));
        cells.push(id(chat));
        cells.push(people::id(author));
        cells.push(sent_at(random));
        // Mostly a sentence, now and then a long story.
        let longest = 4 + below(random, 8) * below(random, 8);
        cells.push(Sentence(1..longest as usize).fake_with_rng::<String, _>(random));
    }
}

fn sent_at(random: &mut ChaCha8Rng) -> String {
    let days: Vec<u64> = (0..DAYS_OF_MONTHS.iter().sum()).map(|day| WEIGHTS_OF_DAYS[day as usize % 7]).collect();
    let mut day = weighted(random, &days);
    let mut month = 0;
    while day >= DAYS_OF_MONTHS[month] {
        day -= DAYS_OF_MONTHS[month];
        month += 1;
    }
    let hour = weighted(random, &WEIGHTS_OF_HOURS);
    let (minute, second) = (below(random, 60), below(random, 60));
    format!("2026-{:02}-{:02} {hour:02}:{minute:02}:{second:02}+00", month + 1, day + 1)
}
