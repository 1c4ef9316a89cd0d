//! Causes of failure of an operation.

/// Why an operation failed. Every failure has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Cause {
    /// No answer by the deadline, or everyone asked timed out.
    Timeout,
    /// The node knew nobody to ask.
    NoContact,
    /// The operation's node had not joined by the deadline.
    NotJoined,
    /// No copy exists on any disk.
    Lost,
    /// No copy exists, because the last ones expired; or copies exist, but what was said of them has expired.
    Expired,
    /// Copies exist, but none was found online.
    Unreachable,
    /// The record had not been put yet.
    NeverStored,
    /// The server's queue was full; of a put, that queue or a disk that was to store it.
    QueueFull,
    /// The lookup met more dead nodes, or took more hops, than the protocol allows.
    Limit,
}

impl Cause {
    /// All causes, in the order in which they are reported.
    pub const ALL: [Cause; 9] = [
        Cause::Timeout,
        Cause::NoContact,
        Cause::NotJoined,
        Cause::Lost,
        Cause::Expired,
        Cause::Unreachable,
        Cause::NeverStored,
        Cause::QueueFull,
        Cause::Limit,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Cause::Timeout => "timeout",
            Cause::NoContact => "no-contact",
            Cause::NotJoined => "not-joined",
            Cause::Lost => "lost",
            Cause::Expired => "expired",
            Cause::Unreachable => "unreachable",
            Cause::NeverStored => "never-stored",
            Cause::QueueFull => "queue-full",
            Cause::Limit => "limit",
        }
    }
}
