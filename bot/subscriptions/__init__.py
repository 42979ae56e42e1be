"""Subscriptions: an answer to a question, posted again and again on a schedule.

- Whoever subscribes is the *owner*. In a channel the owner must be an operator; in direct messages anybody may have
  their own spend. The *reader* of direct messages is whose rights count there.
- `job` enqueues what is due, once a local date; `render` answers the question when it is sent, as of that moment.
  Where it is too late for it, one word in its place says which dates were missed.
- `answering` decides the owner's and the reader's rights anew each time. Where they are lost the subscription ends,
  with a word to the owner.
"""
