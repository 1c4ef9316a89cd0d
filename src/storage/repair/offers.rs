//! Offers: messages by which nodes tell each other what they hold and want.
//!
//! An offer names records and versions; the answer says how the receiver stands to each ([`Standing`]). Values follow only
//! where they are wanted, and from one node at a time. Both ends remember what the other has said ([`super::reports`]).
//!
//! | the receiver | replies | and then |
//! | --- | --- | --- |
//! | holds this version | `Same` | remembers that the sender holds it too |
//! | holds a newer one | `Newer` | the sender fetches it, if its copy is its own |
//! | holds an older one | `Older` | the sender sends its own, whichever nodes are responsible |
//! | lacks it, is responsible or takes the place of one that has gone, and has room | `Wanted` | the sender sends it if
//! too few are left |
//! | as before, without room | `Full` | is not offered it again before the next review |
//! | as before, and another node sends it already | `Coming` | is offered it again after a pause |
//! | lacks it otherwise | `Declined` | is offered it again after a pause |

use super::custody::Occasion;
use super::custody::Orders;
use super::reports::Says;
use crate::engine::Time;
use crate::model::{Held, LARGEST_IN_PACKET, NodeId, RecordId, Version};
use crate::overlay::List;
use crate::storage::Neighbourhood;
use crate::storage::message::{Message, OFFERED_AT_ONCE, Standing};
use crate::storage::node::StorageNode;
use crate::storage::node::context::{Effect, StorageContext, Tag};

/// Value in transfer to this node. Further offers of it are declined: two copies at once would double the traffic.
#[derive(Clone, Copy, Debug)]
struct Coming {
    record: RecordId,
    version: Version,
    /// Time after which it is no longer expected; `NEVER` while it is transferred.
    until: Time,
}

/// All values that somebody sends here.
#[derive(Clone, Debug, Default)]
pub struct Incoming(Vec<Coming>);

impl Incoming {
    /// Notes a transfer to this node that arrives by `until`.
    fn expect(&mut self, record: RecordId, version: Version, until: Time) {
        self.expect_no_more(record, version);
        self.0.push(Coming { record, version, until });
    }

    fn expect_no_more(&mut self, record: RecordId, version: Version) {
        self.0.retain(|coming| (coming.record, coming.version) != (record, version));
    }

    /// Whether this version or a newer one is on its way at `now`.
    fn has(&mut self, now: Time, record: RecordId, version: Version) -> bool {
        self.0.retain(|coming| coming.until > now);
        self.0.iter().any(|coming| coming.record == record && coming.version >= version)
    }

    /// The session ended.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Coming>()
    }
}

impl StorageNode {
    /// A value moves here, and has arrived by `until`.
    pub fn on_coming(&mut self, record: RecordId, version: Version, until: Time) {
        self.coming.expect(record, version, until);
    }

    /// Notes the end of a transfer, by arrival or failure.
    pub fn no_more_coming(&mut self, record: RecordId, version: Version) {
        self.coming.expect_no_more(record, version);
    }

    /// Whether this version or a newer one is known to be in transfer to this node. If not, it is expected from now on,
    /// because this node is about to reply that it wants it: within two timeouts, one for the reply and one for the
    /// first byte.
    ///
    /// Under lazy repair possibly no node sends it: then only large values are expected.
    fn comes_or_will(&mut self, cx: &StorageContext<'_>, record: RecordId, version: Version) -> bool {
        let all_are_sent = cx.repair.threshold(cx.replicas) == Some(cx.replicas);
        if !all_are_sent && cx.size(record) <= LARGEST_IN_PACKET {
            return false;
        }
        let comes = self.coming.has(cx.now, record, version);
        if !comes {
            self.coming.0.push(Coming { record, version, until: cx.now + cx.timeout + cx.timeout });
        }
        comes
    }

    /// Sends offers, one message for up to [`OFFERED_AT_ONCE`] records to one node.
    pub(in crate::storage) fn offer(
        &mut self,
        cx: &mut StorageContext<'_>,
        mut offers: Vec<(NodeId, Held)>,
        moved_up: bool,
    ) {
        offers.sort_unstable_by_key(|(node, held)| (*node, held.record));
        for to_one in offers.chunk_by(|a, b| a.0 == b.0) {
            for some in to_one.chunks(OFFERED_AT_ONCE) {
                let pairs = some.iter().flat_map(|(_, held)| [held.record.number(), held.version.0]);
                let list = cx.lists.put(pairs);
                cx.call(&mut self.rpcs, some[0].0, None, Message::Offer { list, moved_up }, Tag::Offer);
            }
        }
    }

    /// Handles an offer of `from`, and replies.
    pub(in crate::storage) fn stand_to(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: NodeId,
        (offered, moved_up): (List, bool),
        around: &impl Neighbourhood,
    ) -> List {
        let mut entries = [0; OFFERED_AT_ONCE];
        let count = offered.len() / 2;
        for (place, entry) in entries[..count].iter_mut().enumerate() {
            let pair = &cx.lists.get(offered)[2 * place..];
            let (record, version) = (RecordId::new(pair[0]), Version(pair[1]));
            let standing = match self.store.version(record) {
                Some(own) if own >= version => {
                    let same = own == version;
                    if same && self.keeps_reports(cx, record, around) {
                        self.custody.reports.said(cx.now, record, from, Says::Holds);
                    }
                    if same { Standing::Same } else { Standing::Newer }
                }
                Some(_) => self.unless_it_comes(cx, record, version, Standing::Older),
                None if !moved_up && !self.is_own(cx, record, around) => Standing::Declined,
                None if !self.can_make_room(cx, record) => {
                    cx.do_effect(Effect::Refused { record });
                    Standing::Full
                }
                None => self.unless_it_comes(cx, record, version, Standing::Wanted),
            };
            *entry = standing.entry(record);
        }
        cx.lists.put(entries[..count].iter().copied())
    }

    fn unless_it_comes(
        &mut self,
        cx: &StorageContext<'_>,
        record: RecordId,
        version: Version,
        standing: Standing,
    ) -> Standing {
        if self.comes_or_will(cx, record, version) { Standing::Coming } else { standing }
    }

    /// Handles the reply to an offer.
    pub(in crate::storage) fn on_standings(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: NodeId,
        list: List,
        around: &impl Neighbourhood,
    ) {
        let mut entries = [0; OFFERED_AT_ONCE];
        let count = list.len();
        entries[..count].copy_from_slice(cx.lists.get(list));
        let mut orders = Orders::default();
        for &entry in &entries[..count] {
            let (record, standing) = Standing::read(entry);
            let Some(version) = self.store.version(record) else { continue };
            let held = Held { record, version };
            match standing {
                Standing::Older => orders.sends.push((from, held)),
                Standing::Newer if self.is_own(cx, record, around) => self.fetch_newer(cx, from, record),
                Standing::Wanted if !self.keeps_reports(cx, record, around) => orders.sends.push((from, held)),
                _ => {}
            }
            if self.keeps_reports(cx, record, around) {
                self.custody.reports.said(cx.now, record, from, standing.into());
                self.custody.look(cx, held, &Occasion::default(), around, &mut orders);
            }
        }
        self.carry_out(cx, orders);
    }

    /// Fetches a newer version of a record held here from `from`.
    pub(in crate::storage) fn fetch_newer(&mut self, cx: &mut StorageContext<'_>, from: NodeId, record: RecordId) {
        cx.call(&mut self.rpcs, from, None, Message::Fetch { record }, Tag::Repair(record));
    }
}

impl From<Standing> for Says {
    fn from(standing: Standing) -> Says {
        match standing {
            Standing::Same | Standing::Newer => Says::Holds,
            Standing::Wanted => Says::Lacks,
            Standing::Older | Standing::Coming => Says::Comes,
            Standing::Declined => Says::Declines,
            Standing::Full => Says::Full,
        }
    }
}
