//! Sizes on the wire: what a message takes in bytes, and what a handshake costs before it.
//!
//! A message takes `packet` and its head — `request`, `ping` or `reply`, with the identifiers that every such message has — and
//! beside these `identifier` for each further key or identifier that it carries, `contact` for each node that it names so that
//! the receiver can send to it, and its values.

use super::message::Payload;
use crate::engine::Duration;
use crate::model::{Kind, NodeId};

/// Bytes of the parts of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wire {
    /// Headers of the network and transport layers, for each message.
    pub packet: u32,
    /// The head of a request or notice about a key, with that key and the sender's identifier.
    pub request: u32,
    /// The head of a request or notice about no key, with the sender's identifier.
    pub ping: u32,
    /// The head of a reply, with the sender's identifier.
    pub reply: u32,
    /// A further key or identifier.
    pub identifier: u32,
    /// A node that is named: its identifier and where to send to.
    pub contact: u32,
    /// What the first message between two machines costs; `None`: no more than any.
    pub handshake: Option<Handshake>,
}

/// What the first message between two machines costs after `idle` without one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Handshake {
    /// Bytes of the one that sends it, all headers included.
    pub bytes: u32,
    /// Bytes of the other, which leave with the first message that it sends back.
    pub answer: u32,
    /// Round trips before it leaves.
    pub round_trips: u32,
    pub idle: Duration,
}

/// Sizes with a name and a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    pub name: &'static str,
    pub source: &'static str,
    pub wire: Wire,
}

impl Wire {
    /// p2psim's rule: 20 bytes a message, four more for each node that it names.
    pub const P2PSIM: Wire =
        Wire { packet: 28, request: 20, ping: 20, reply: 20, identifier: 4, contact: 4, handshake: None };
    /// BitTorrent's DHT, from the bencoding: the heads of `find_node` (52 and two identifiers of 20), of `ping` (36 and one) and
    /// of a reply (38 and one), without the client's version.
    pub const BEP5: Wire =
        Wire { packet: 28, request: 92, ping: 56, reply: 58, identifier: 20, contact: 26, handshake: None };
    /// libp2p over QUIC: each request is a stream of its own, with the names of two protocols (37 bytes either way), 31 bytes of
    /// QUIC's short header, frame and seal, and 5 of protobuf; identifiers are peer identifiers of 38 bytes, with 2 of protobuf.
    /// The handshake: a padded Initial (1,228 with headers) and a certificate with its signature, either way. Kept for the grace
    /// period of go-libp2p's connection manager, a minute.
    pub const LIBP2P: Wire = Wire {
        packet: 28,
        request: 113,
        ping: 73,
        reply: 73,
        identifier: 40,
        contact: 114,
        handshake: Some(Handshake { bytes: 1_900, answer: 1_900, round_trips: 1, idle: Duration::from_secs(60) }),
    };
    /// HTTP/1.1 over TLS 1.3 and TCP: a request of curl and a reply of nginx, 22 bytes a TLS record, 52 the headers of a TCP
    /// segment. The handshake: TCP's 60, 60 and 52; a ClientHello padded to 517; two certificates of 2,540 together; two
    /// tickets. nginx keeps an idle connection for 75 s.
    pub const HTTPS: Wire = Wire {
        packet: 52,
        request: 148,
        ping: 148,
        reply: 278,
        identifier: 40,
        contact: 26,
        handshake: Some(Handshake { bytes: 797, answer: 3_855, round_trips: 2, idle: Duration::from_secs(75) }),
    };

    /// Bytes of a message that names `named`, headers included.
    #[inline(always)]
    pub fn bytes(&self, kind: Kind, message: &impl Payload, named: impl Iterator<Item = NodeId>) -> u32 {
        let head = match kind {
            Kind::Reply | Kind::Refusal => self.reply,
            Kind::Request | Kind::Notice | Kind::Relayed if message.has_key() => self.request,
            Kind::Request | Kind::Notice | Kind::Relayed => self.ping,
        };
        self.packet
            + head
            + self.identifier * message.identifiers()
            + self.contact * named.count() as u32
            + message.payload_bytes()
    }

    /// Bytes of a message that is all head.
    pub fn bare(&self) -> u32 {
        self.packet + self.ping
    }

    /// Bytes of the largest head.
    pub fn largest_head(&self) -> u32 {
        self.packet + self.request.max(self.ping).max(self.reply)
    }
}

/// All presets.
pub const PRESETS: [Preset; 4] = [
    Preset {
        name: "bep5",
        source: "BEP 5 (find_node 92, ping 56, reply 58 + 26 a node); default of overlays",
        wire: Wire::BEP5,
    },
    Preset {
        name: "libp2p",
        source: "libp2p specs: QUIC, multistream-select, kad-dht; a contact has IPv4 and IPv6, TCP and QUIC (54 to 258)",
        wire: Wire::LIBP2P,
    },
    Preset { name: "p2psim", source: "p2psim: 20 bytes a message, 4 for each node named", wire: Wire::P2PSIM },
    Preset {
        name: "https",
        source: "RFC 9112, RFC 8446; curl and nginx, keepalive_timeout 75 s; default of client-server",
        wire: Wire::HTTPS,
    },
];

impl Preset {
    /// The preset with this name.
    pub fn find(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An identifier of the BitTorrent DHT.
    const ID: &str = "abcdefghij0123456789";

    #[test]
    fn bep5s_heads_are_those_of_its_bencoded_messages() {
        let find = format!("d1:ad2:id20:{ID}6:target20:{ID}e1:q9:find_node1:t2:aa1:y1:qe");
        let ping = format!("d1:ad2:id20:{ID}e1:q4:ping1:t2:aa1:y1:qe");
        let nodes = |count: usize| {
            let text = "x".repeat(26 * count);
            format!("d1:rd2:id20:{ID}5:nodes{}:{text}e1:t2:aa1:y1:re", text.len())
        };
        assert_eq!([find.len(), ping.len()], [92, 56]);
        assert_eq!(nodes(8).len(), 58 + 8 * 26);
        let Wire { request, ping: head, reply, contact, .. } = Wire::BEP5;
        assert_eq!([request, head], [find.len() as u32, ping.len() as u32]);
        assert_eq!(reply + 8 * contact, nodes(8).len() as u32);
    }

    #[test]
    fn https_heads_are_those_of_curl_and_nginx() {
        const RECORD: usize = 22;
        let key = "0123456789abcdef0123456789abcdef01234567";
        let request = format!(
            "GET /records/{key} HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
        );
        let reply = "HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: Mon, 30 Nov 2026 12:00:00 GMT\r\n\
            Content-Type: application/octet-stream\r\nContent-Length: 16384\r\n\
            Last-Modified: Mon, 30 Nov 2026 11:00:00 GMT\r\nConnection: keep-alive\r\n\
            ETag: \"674af2b0-4000\"\r\nAccept-Ranges: bytes\r\n\r\n";
        assert_eq!(Wire::HTTPS.request as usize, RECORD + request.len());
        assert_eq!(Wire::HTTPS.reply as usize, RECORD + reply.len());
    }
}
