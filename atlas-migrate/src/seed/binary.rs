//! Rows as `COPY … (FORMAT binary)` reads them, which costs the server less than half of what text does.
//!
//! Only what is written plainly is sent so: what PostgreSQL may understand in more than one way, or not at all, is left to its own
//! reading of text.

use uuid::Uuid;

use super::calendar;

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1i16).to_be_bytes();

/// How the values of a type are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Json,
    Jsonb,
    Uuid,
    Bytea,
    Date,
    Timestamp,
    Timestamptz,
}

impl Form {
    /// That of a type, if it has one.
    pub(super) fn of(base: &str) -> Option<Self> {
        Some(match base {
            "bool" => Self::Bool,
            "int2" => Self::Int2,
            "int4" => Self::Int4,
            "int8" => Self::Int8,
            "float4" => Self::Float4,
            "float8" => Self::Float8,
            "numeric" => Self::Numeric,
            "text" | "varchar" | "bpchar" => Self::Text,
            "json" => Self::Json,
            "jsonb" => Self::Jsonb,
            "uuid" => Self::Uuid,
            "bytea" => Self::Bytea,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::Timestamptz,
            _ => return None,
        })
    }

    /// Writes a value without its length. Nothing is written of one that is not plain.
    fn write(self, text: &str, buffer: &mut Vec<u8>) -> Option<()> {
        let mut put = |bytes: &[u8]| buffer.extend_from_slice(bytes);
        match self {
            Self::Bool => put(&[match text {
                "t" | "true" => 1,
                "f" | "false" => 0,
                _ => return None,
            }]),
            Self::Int2 => put(&text.parse::<i16>().ok()?.to_be_bytes()),
            Self::Int4 => put(&text.parse::<i32>().ok()?.to_be_bytes()),
            Self::Int8 => put(&text.parse::<i64>().ok()?.to_be_bytes()),
            Self::Float4 => {
                let number = decimal(text)?.parse::<f32>().ok();
                put(&number.filter(|number| number.is_normal() || is_zero(text))?.to_be_bytes());
            }
            Self::Float8 => {
                let number = decimal(text)?.parse::<f64>().ok();
                put(&number.filter(|number| number.is_normal() || is_zero(text))?.to_be_bytes());
            }
            Self::Numeric => numeric(text, buffer)?,
            Self::Text | Self::Json => put(text.as_bytes()),
            Self::Jsonb => {
                put(&[1]);
                put(text.as_bytes());
            }
            Self::Uuid => put((text.len() == 36).then(|| Uuid::try_parse(text).ok())??.as_bytes()),
            Self::Bytea => bytea(text, buffer)?,
            Self::Date => put(&calendar::date(text)?.to_be_bytes()),
            Self::Timestamp => put(&calendar::timestamp(text)?.to_be_bytes()),
            Self::Timestamptz => put(&calendar::timestamptz(text)?.to_be_bytes()),
        }
        Some(())
    }
}

/// A number of digits, a point and an exponent, and nothing else that Rust takes for one.
fn decimal(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')).then_some(text)
}

/// What is zero because it is too small is an error to PostgreSQL.
fn is_zero(text: &str) -> bool {
    text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).all(|byte| !(b'1'..=b'9').contains(&byte))
}

/// Digits of 10,000, as PostgreSQL keeps them.
fn numeric(text: &str, buffer: &mut Vec<u8>) -> Option<()> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (0x4000u16, digits),
        None => (0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || digits.ends_with('.') || text.len() > 1_000 {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0').as_bytes(), fraction.as_bytes());
    let groups = whole.len().div_ceil(4);
    let padding = groups * 4 - whole.len();
    let digit = |place: usize| {
        let place = place.checked_sub(padding)?;
        whole.get(place).or_else(|| fraction.get(place - whole.len()))
    };
    let digit = |place: usize| digit(place).map_or(0, |digit| u16::from(digit - b'0'));
    let value = |group: usize| (group * 4..group * 4 + 4).fold(0, |value, place| value * 10 + digit(place));
    let all = groups + fraction.len().div_ceil(4);
    let start = (0..all).find(|group| value(*group) > 0).unwrap_or(all);
    let end = (start..all).rfind(|group| value(*group) > 0).map_or(start, |last| last + 1);
    let (weight, sign) = if start == end { (0, 0) } else { (groups as i16 - start as i16 - 1, sign) };
    for word in [(end - start) as u16, weight as u16, sign, fraction.len() as u16] {
        buffer.extend_from_slice(&word.to_be_bytes());
    }
    (start..end).for_each(|group| buffer.extend_from_slice(&value(group).to_be_bytes()));
    Some(())
}

fn bytea(text: &str, buffer: &mut Vec<u8>) -> Option<()> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    if !digits.len().is_multiple_of(2) || !digits.iter().all(|byte| digit(*byte).is_some()) {
        return None;
    }
    let value =
        |pair: &[u8]| pair.iter().filter_map(|byte| digit(*byte)).fold(0, |value, digit| value << 4 | digit as u8);
    buffer.extend(digits.chunks(2).map(value));
    Some(())
}

/// Writes the rows of a piece.
pub(super) struct Binary {
    forms: Vec<Form>,
    pub(super) buffer: Vec<u8>,
    column: usize,
    /// Where the row begins.
    row: usize,
    /// Whether all of its cells so far are plain.
    plain: bool,
    closed: bool,
}

impl Binary {
    pub(super) fn new(forms: Vec<Form>) -> Self {
        Self { forms, buffer: HEADER.to_vec(), column: 0, row: 0, plain: true, closed: false }
    }

    pub(super) fn begin_row(&mut self) {
        (self.row, self.column, self.plain) = (self.buffer.len(), 0, true);
        self.buffer.extend_from_slice(&(self.forms.len() as i16).to_be_bytes());
    }

    pub(super) fn cell(&mut self, text: Option<&str>) {
        let Some(form) = self.forms.get(self.column).filter(|_| self.plain) else { return };
        self.column += 1;
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&(-1i32).to_be_bytes());
        let Some(text) = text else { return };
        let written = form.write(text, &mut self.buffer);
        match i32::try_from(self.buffer.len() - start - 4) {
            Ok(length) if written.is_some() => self.buffer[start..start + 4].copy_from_slice(&length.to_be_bytes()),
            _ => self.plain = false,
        }
    }

    /// Whether the row is plain; it is not there if it isn't.
    pub(super) fn end_row(&mut self) -> bool {
        let whole = self.plain && self.column == self.forms.len();
        if !whole {
            self.buffer.truncate(self.row);
        }
        whole
    }

    /// There are no more rows.
    pub(super) fn close(&mut self) {
        if !std::mem::replace(&mut self.closed, true) {
            self.buffer.extend_from_slice(&TRAILER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: Form, text: &str, bytes: &[u8]) {
        let mut buffer = Vec::new();
        assert_eq!(form.write(text, &mut buffer), Some(()), "{text}");
        assert_eq!(buffer, bytes, "{text}");
    }

    #[track_caller]
    fn check_not_plain(form: Form, texts: &[&str]) {
        for text in texts {
            assert_eq!(form.write(text, &mut Vec::new()), None, "{text}");
        }
    }

    #[test]
    fn forms() {
        check(Form::Bool, "t", &[1]);
        check(Form::Int2, "-2", &[0xff, 0xfe]);
        check(Form::Int8, "1", &[0, 0, 0, 0, 0, 0, 0, 1]);
        check(Form::Float8, "1.5", &1.5f64.to_be_bytes());
        check(Form::Float4, "-0.0", &(-0.0f32).to_be_bytes());
        check(Form::Jsonb, "{}", b"\x01{}");
        check(Form::Bytea, "\\x00fF", &[0, 0xff]);
        check(Form::Numeric, "0", &[0, 0, 0, 0, 0, 0, 0, 0]);
        check(Form::Numeric, "-0.50", &[0, 1, 0xff, 0xff, 0x40, 0, 0, 2, 0x13, 0x88]);
        check(Form::Numeric, "12345.6", &[0, 3, 0, 1, 0, 0, 0, 1, 0, 1, 0x09, 0x29, 0x17, 0x70]);
        check(Form::Numeric, "10000", &[0, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
        check(Form::Date, "2000-01-02", &[0, 0, 0, 1]);
        check(Form::Timestamp, "2000-01-01 00:00:00.000001", &[0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn what_is_left_to_the_server() {
        check_not_plain(Form::Bool, &["yes", "T", " t", ""]);
        check_not_plain(Form::Int4, &["2147483648", " 1", "1_000", "0x10", "", "1.0"]);
        check_not_plain(Form::Float8, &["NaN", "inf", "1e999", "1e-320", "0.1e-999", ""]);
        check_not_plain(Form::Numeric, &["NaN", "1e5", ".5", "5.", "", "-", "1,5"]);
        check_not_plain(
            Form::Uuid,
            &["07dee0bba038514b844d781280709501", "{07dee0bb-a038-514b-844d-781280709501}", ""],
        );
        check_not_plain(Form::Bytea, &["abc", "\\x0", "\\x0g", ""]);
        check_not_plain(Form::Date, &["2023-02-29", "23-01-01", "today", "2023-1-1", "infinity", "2023-01-01 BC"]);
        check_not_plain(Form::Timestamptz, &["2023-01-01 00:00:00", "2023-01-01", "2023-01-01 24:00:00Z", "now"]);
        check_not_plain(Form::Timestamp, &["2023-01-01 00:00:00+00", "2023-01-01 00:00:60"]);
    }
}
