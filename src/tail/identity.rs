//! What a file is.

use std::fmt;
use std::str::FromStr;

/// What a file is, whatever its name: device and inode, or Windows' volume and file index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileIdentity {
    /// Device or volume.
    pub volume: u64,
    /// Inode or file index.
    pub index: u128,
}

/// No file system numbers its files so high.
const PAST: u128 = 1 << 127;

impl FileIdentity {
    /// Stands for the life of this file that is over, in the row of a checkpoint.
    #[must_use]
    pub fn past(self) -> Self {
        Self { index: self.index | PAST, ..self }
    }

    /// Whether it stands for a life that is over.
    #[must_use]
    pub fn is_past(self) -> bool {
        self.index & PAST != 0
    }
}

impl fmt::Display for FileIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}:{:x}", self.volume, self.index)
    }
}

impl FromStr for FileIdentity {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let (volume, index) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { volume: u64::from_str_radix(volume, 16)?, index: u128::from_str_radix(index, 16)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_its_text() {
        let identity = FileIdentity { volume: 0xfe01, index: 0x0123_4567_89ab_cdef };
        assert!(identity.past().is_past() && !identity.is_past());
        assert_eq!(identity.past().to_string().parse(), Ok(identity.past()));
        assert_eq!(identity.to_string().parse(), Ok(identity));
        assert!("no".parse::<FileIdentity>().is_err());
    }
}
