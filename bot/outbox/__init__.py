"""The outbox: sends every message that answers nobody's own request, once, and keeps live messages up to date.

How each notification comes to be visible exactly once, whatever fails or is killed, by any number of processes on one
database. Where a channel's history cannot be read, none is lost, but a copy may stay:

    enqueue -> PENDING -- claim --> SENDING -- Slack took it --------------> SENT
                ^   ^                |  |  |
                |   +-- not sent ----+  |  +-- refused for good -----------> DEAD, and pending for the fallback
                |                       |
                |         no answer, or the claim expired
                |                       v
                +--- not found --- UNCONFIRMED --- found in the history ---> SENT

    PENDING -- too old for a message of its own --------> MISSED, a summary lists it
    PENDING, SENDING -- withdrawn, nothing to say, or for other destinations --> DISCARDED

1. `store.enqueue` writes a row in the transaction that makes the notification true. Rows are unique by dedup key and
   destination: whatever is enqueued twice is one message.
2. `dispatcher` looks every second for `due_work`, and starts a task for each channel or destination. `placer` finds
   the channel of a destination and records it by `placement_store`.
3. `channel_queue` claims the next row of a channel (`store.claim`): a token, valid until it expires, longer than a
   request may take. An outcome that comes under an older token changes no state; the copy that it may have left is
   looked for.
4. `sender` renders the message (`renderers`), checks its claim, posts once, and records the outcome by `outcomes`. The
   message carries its key in its metadata.
5. If Slack did not answer, or the process died, nobody knows whether the message arrived: the row is unconfirmed.
   `reconciler` looks its key up in the channel's history after a while (`lookup_store`): found, it is sent; not found,
   it is pending again, also where history cannot be read: there a message may come twice. As a lost request may arrive
   later still, second copies are looked for and deleted afterwards.
6. A refusal for good ends the row, and enqueues the same for the `fallback` in `destinations`.

A live message is one row for each topic and destination (`live_store`). Edits follow the level, not the change:
`request_edits` raises the version that is wanted; `editor` renders what the topic shows now and records the version
shown. Edits in between are skipped, and one that fails is done again. The first notification of a topic posts the
message; later ones are replies in its thread.

Events for the webhook are rows like all others, for one destination (`webhook_queue`). `webhook_sender` makes each one
by its builder (`events`) and posts it to the `receiver`. Nobody can look up whether one arrived: what is unconfirmed is
sent again, under the same id. Its live message is never posted or edited; it keeps those about one subject in order.

After a restore what the former ledger may have sent is unconfirmed too (`restore`).

`tables` names the columns; `rules` the states and waits; `conditions` says in SQL what needs something.
`queries` is what other packages may ask, `amendments` what they may change; `pruning` deletes what
was over long ago.
"""
