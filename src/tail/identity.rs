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
        let identity = FileIdentity { volume: 0xfe01, index: u128::MAX };
        assert_eq!(identity.to_string().parse(), Ok(identity));
        assert!("no".parse::<FileIdentity>().is_err());
    }
}
