//! Who talks with whom, which several tables have to agree about.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use atlas_migrate::seed::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// How many users there are.
pub const USERS: u64 = 200;

/// How many chats of several.
pub const GROUPS: u64 = 75;

/// How many chats of two.
pub const DIRECT: u64 = 300;

/// How many messages.
pub const MESSAGES: u64 = 25_000;

/// The members of each chat, as numbers of users: first those of the groups, then those of direct chats.
pub static MEMBERS: LazyLock<Vec<Vec<u64>>> = LazyLock::new(|| {
    let mut random = ChaCha8Rng::from_seed([4; 32]);
    let mut some = |count: u64| {
        let mut members = BTreeSet::new();
        while (members.len() as u64) < count {
            members.insert(below(&mut random, USERS));
        }
        members.into_iter().collect::<Vec<_>>()
    };
    let mut members: Vec<_> = (0..GROUPS).map(|group| some(3 + group * 11 % 28)).collect();
    let mut pairs = BTreeSet::new();
    while (pairs.len() as u64) < DIRECT {
        pairs.insert(some(2));
    }
    members.extend(pairs);
    members
});

/// A number below a limit: integers only, so that it is the same everywhere and in every version of `rand`.
pub fn below(random: &mut ChaCha8Rng, limit: u64) -> u64 {
    (u64::from(random.next_u32()) * limit) >> 32
}

/// The place of one of these weights, which is picked as often as it weighs.
pub fn weighted(random: &mut ChaCha8Rng, weights: &[u64]) -> u64 {
    let mut rest = below(random, weights.iter().sum());
    let mut place = 0;
    for weight in weights {
        if rest < *weight {
            break;
        }
        rest -= weight;
        place += 1;
    }
    place
}
