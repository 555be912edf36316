//! One exception of a chain, and how it came to it.

use super::{Exception, Frame};

/// How an exception belongs to the one before it at the same depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It begins a chain.
    Root,
    /// The one before was its direct cause: `raise … from …`.
    Cause,
    /// It happened while the one before was handled.
    Context,
    /// It begins the chain of a member of an exception group: the nearest link above it that is less deep.
    Member,
    /// The message of the link above it quotes it, with its frames: it came from another process or was formatted and
    /// raised again.
    Quoted,
}

impl Relation {
    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Cause => "cause",
            Self::Context => "context",
            Self::Member => "member",
            Self::Quoted => "quoted",
        }
    }
}

/// An exception with the calls that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// What it has to do with the one before.
    pub relation: Relation,
    /// How deep it is nested in groups and quotations; what is less deep only wraps what follows. Where lines were lost,
    /// a depth can be left out.
    pub depth: u32,
    /// The exception; none where its line was lost, and in a stack that shows none.
    pub exception: Option<Exception<'a>>,
    /// The calls, outermost first, recursion folded. None where it was never raised, or nothing is known of it.
    pub frames: Vec<Frame<'a>>,
}

impl Link<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.exception.is_none() && self.frames.is_empty()
    }
}
