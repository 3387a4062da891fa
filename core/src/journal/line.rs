//! One line: `{"crc":"…","entry":{…}}`, the checksum over the bytes of the entry.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Entry;

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    crc: String,
    #[serde(borrow)]
    entry: &'a RawValue,
}

/// The line for an entry, with its line end.
pub(super) fn encode(entry: &Entry) -> serde_json::Result<Vec<u8>> {
    let entry = serde_json::value::to_raw_value(entry)?;
    let line = Line { crc: checksum(entry.get()), entry: &entry };
    let mut bytes = serde_json::to_vec(&line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The entry of a line, or why there is none.
pub(super) fn decode(line: &str) -> Result<Entry, String> {
    let line: Line<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let computed = checksum(line.entry.get());
    if computed != line.crc {
        return Err(format!("the checksum is {computed}, and {} is written there", line.crc));
    }
    serde_json::from_str(line.entry.get()).map_err(|error| error.to_string())
}

fn checksum(entry: &str) -> String {
    format!("{:08x}", crc32fast::hash(entry.as_bytes()))
}
