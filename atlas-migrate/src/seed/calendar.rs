//! Days and times in the one way of writing that every setting of a server reads alike: `2023-01-31 23:59:59.999999+01:30`.

const MICROSECONDS: i64 = 1_000_000;

/// The days since 2000-01-01.
pub(super) fn date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..])?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if year == 0 || day == 0 || day > length {
        return None;
    }
    let before: i32 = lengths[..month as usize - 1].iter().sum();
    let years = year - 1;
    // 2000-01-01 is day 730,119 of the calendar that begins with the year 1.
    Some(years * 365 + years / 4 - years / 100 + years / 400 + before + day - 1 - 730_119)
}

/// The microseconds since 2000-01-01, without a time zone.
pub(super) fn timestamp(text: &str) -> Option<i64> {
    let (day, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix([' ', 'T'])?;
    Some(i64::from(date(day)?) * 86_400 * MICROSECONDS + time_of_day(time)?)
}

/// The same in UTC, of a text with an offset from it.
pub(super) fn timestamptz(text: &str) -> Option<i64> {
    if let Some(utc) = text.strip_suffix('Z') {
        return timestamp(utc);
    }
    // Behind the day, which has hyphens too.
    let at = 10 + text.get(10..)?.find(['+', '-'])?;
    let (local, offset) = text.split_at(at);
    let minutes = match offset.len() {
        3 => number(&offset[1..])? * 60,
        6 if offset.as_bytes()[3] == b':' => number(&offset[1..3])? * 60 + below(&offset[4..], 60)?,
        _ => return None,
    };
    // Further there is no place on Earth, and PostgreSQL has a limit as well.
    if minutes > 14 * 60 {
        return None;
    }
    let offset = i64::from(minutes) * 60 * MICROSECONDS;
    Some(timestamp(local)? - if text.as_bytes()[at] == b'-' { -offset } else { offset })
}

fn time_of_day(text: &str) -> Option<i64> {
    let (time, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let bytes = time.as_bytes();
    if bytes.len() != 8 || bytes[2] != b':' || bytes[5] != b':' || fraction.is_empty() || fraction.len() > 6 {
        return None;
    }
    let (hour, minute, second) = (below(&time[..2], 24)?, below(&time[3..5], 60)?, below(&time[6..], 60)?);
    let microseconds = number(fraction)? * 10i32.pow(6 - fraction.len() as u32);
    Some(i64::from(hour * 3_600 + minute * 60 + second) * MICROSECONDS + i64::from(microseconds))
}

fn below(text: &str, limit: i32) -> Option<i32> {
    number(text).filter(|number| *number < limit)
}

fn number(text: &str) -> Option<i32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
