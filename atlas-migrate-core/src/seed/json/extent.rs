//! Where an object of JSON ends, so that it can be read by itself.

use memchr::memchr3;

/// How far an object goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// So many bytes.
    Whole(usize),
    /// It goes on behind what is at hand.
    Incomplete,
    /// It is broken somewhere in these bytes, which may be the case though it is whole.
    Broken(usize),
}

/// How far the object at the start of these bytes goes, by its brackets and strings alone.
pub(super) fn extent(bytes: &[u8]) -> Extent {
    let mut open = Vec::new();
    let mut position = 0;
    loop {
        let is_sign = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b'"');
        let Some(found) = bytes[position..].iter().position(is_sign) else { return Extent::Incomplete };
        position += found + 1;
        match bytes[position - 1] {
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'"' => match string(bytes, position) {
                Extent::Whole(end) => position = end,
                other => return other,
            },
            close if open.pop() != Some(close) => return Extent::Broken(position),
            _ if open.is_empty() => return Extent::Whole(position),
            _ => {}
        }
    }
}

/// Where a string ends, whose opening quote is before this place. It cannot have a line end in it.
fn string(bytes: &[u8], mut position: usize) -> Extent {
    while let Some(found) = bytes.get(position..).and_then(|rest| memchr3(b'"', b'\\', b'\n', rest)) {
        position += found + 1;
        match bytes[position - 1] {
            b'"' => return Extent::Whole(position),
            b'\n' => return Extent::Broken(position),
            _ => position += 1,
        }
    }
    Extent::Incomplete
}
