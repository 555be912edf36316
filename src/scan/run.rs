//! Files of a scan that are read one after the other.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::Job;
use super::file::{Piece, Reading};
use crate::record::Skim;

/// Files, and how far they are read.
#[derive(Debug)]
pub struct Run {
    files: VecDeque<PathBuf>,
    current: Option<Box<Reading>>,
}

impl Run {
    /// Of these files, from the first one's start.
    pub fn of(files: VecDeque<PathBuf>) -> Self {
        Self { files, current: None }
    }

    /// A part of a large file, or several small ones; None at the end. `spare` is what read the file before.
    pub fn next_piece(&mut self, job: &Job, spare: &mut Option<Skim>) -> Option<Piece> {
        let mut found: Option<Piece> = None;
        while !found.as_ref().is_some_and(Piece::is_full) {
            let Some(part) = self.next_part(job, spare) else { break };
            match &mut found {
                Some(found) => found.append(part),
                None => found = Some(part),
            }
        }
        found
    }

    /// What one file has for a piece.
    fn next_part(&mut self, job: &Job, spare: &mut Option<Skim>) -> Option<Piece> {
        let mut reading = if let Some(reading) = self.current.take() {
            reading
        } else {
            let path = self.files.pop_front()?;
            match job.begin(&path, spare) {
                Ok(reading) => Box::new(reading),
                Err(error) => return Some(Piece::unread(path, error)),
            }
        };
        let (part, is_last) = reading.next_piece(&job.pipeline);
        if is_last {
            *spare = Some(reading.into_skim());
        } else {
            self.current = Some(reading);
        }
        Some(part)
    }
}
