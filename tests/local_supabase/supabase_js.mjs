// What supabase-js does against an instance of the stack. Prints one line of JSON for each check.
//
// Reads from the environment: INSTANCE (stack.json as one line) and VSN, the version of Realtime's protocol.
import { createHmac } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'

const instance = JSON.parse(process.env.INSTANCE)
const vsn = process.env.VSN
const SECONDS = 10

function client(key = instance.publishable_key) {
  const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }
  return createClient(instance.url, key, { auth, realtime: { vsn } })
}

function equal(actual, expected) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value))
  if (a !== b) throw new Error(`${a} instead of ${b}`)
}

function good({ data, error }) {
  if (error) throw error
  return data
}

function within(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} didn't happen`)), SECONDS * 1000)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

// What one listener hears, to be waited for in order.
class Heard {
  messages = []
  waiting = []

  note = (message) => {
    this.messages.push(message)
    this.waiting.splice(0).forEach((wake) => wake())
  }

  next(wanted = () => true, what = 'a message') {
    const search = async () => {
      for (;;) {
        const index = this.messages.findIndex(wanted)
        if (index >= 0) return this.messages.splice(index, 1)[0]
        await new Promise((wake) => this.waiting.push(wake))
      }
    }
    return within(search(), what)
  }
}

// Subscribes and returns the channel's first state.
function subscribed(channel) {
  return within(
    new Promise((resolve) => channel.subscribe((state, error) => resolve([state, error?.message]))),
    'the subscription',
  )
}

async function join(client, topic, config = {}) {
  const heard = new Heard()
  const channel = client.channel(topic, { config })
  channel.on('broadcast', { event: '*' }, heard.note)
  equal(await subscribed(channel), ['SUBSCRIBED', undefined])
  return { channel, heard }
}

async function person() {
  const email = `${crypto.randomUUID()}@example.com`
  const own = client()
  const { user, session } = good(await own.auth.signUp({ email, password: 'correct horse' }))
  await own.realtime.setAuth()
  return { client: own, id: user.id, email, session }
}

// A token that soon expires, signed with the legacy secret.
function shortToken(id, seconds) {
  const encode = (part) => Buffer.from(part).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = { sub: id, role: 'authenticated', iat: now, exp: now + seconds }
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => encode(JSON.stringify(part))).join('.')
  return `${signed}.${createHmac('sha256', instance.jwt_secret).update(signed).digest('base64url')}`
}

const alice = await person()
const bob = await person()
const anon = client()
const admin = client(instance.secret_key)

const checks = {
  async 'auth: sign-up of a known address is refused'() {
    const { error } = await client().auth.signUp({ email: alice.email, password: 'correct horse' })
    equal(error.code, 'user_already_exists')
  },
  async 'auth: wrong password is refused'() {
    const { error } = await client().auth.signInWithPassword({ email: alice.email, password: 'wrong horse' })
    equal(error.code, 'invalid_credentials')
  },
  async 'auth: sign-in, refresh and user'() {
    const own = client()
    good(await own.auth.signInWithPassword({ email: alice.email, password: 'correct horse' }))
    good(await own.auth.refreshSession())
    equal(good(await own.auth.getUser()).user.id, alice.id)
    equal(good(await own.auth.updateUser({ data: { n: 1 } })).user.user_metadata.n, 1)
    equal((await own.auth.signOut()).error, null)
  },
  async 'auth: claims are verified with the public key'() {
    const { claims, header } = good(await alice.client.auth.getClaims())
    equal([claims.sub, header.alg], [alice.id, 'ES256'])
  },
  async 'auth: admin makes and deletes users'() {
    const email = `${crypto.randomUUID()}@example.com`
    const { user } = good(await admin.auth.admin.createUser({ email, password: 'correct horse', email_confirm: true }))
    good(await admin.auth.admin.deleteUser(user.id))
    equal((await anon.auth.admin.listUsers()).error.status, 403)
  },
  async 'data: owner writes and reads'() {
    const notes = () => alice.client.from('notes')
    const note = good(await notes().insert({ body: 'js', amount: 3.5, tags: ['a'] }).select().single())
    equal([note.user_id, note.amount], [alice.id, 3.5])
    equal(good(await notes().update({ body: 'new' }).eq('id', note.id).select())[0].body, 'new')
    const { count } = await notes().select('*', { count: 'exact', head: true }).eq('id', note.id)
    equal(count, 1)
    equal((await notes().delete().eq('id', note.id)).error, null)
  },
  async 'data: others see nothing, anon is refused'() {
    const note = good(await alice.client.from('notes').insert({ body: 'mine' }).select().single())
    equal(good(await bob.client.from('notes').select().eq('id', note.id)), [])
    equal((await anon.from('notes').select()).error.code, '42501')
  },
  async 'data: function sees its caller'() {
    equal(good(await alice.client.rpc('whoami')).uid, alice.id)
  },
  async 'storage: owner uploads, lists, downloads and removes'() {
    const files = alice.client.storage.from('files')
    const path = `${alice.id}/ü b.txt`
    equal(good(await files.upload(path, new Blob(['hi']), { contentType: 'text/plain' })).path, path)
    equal((await files.upload(path, new Blob(['hi']))).error.statusCode, '409')
    equal(await good(await files.download(path)).text(), 'hi')
    equal(good(await files.list(alice.id)).map((file) => file.name), ['ü b.txt'])
    const { signedUrl } = good(await files.createSignedUrl(path, 60))
    equal(await (await fetch(signedUrl)).text(), 'hi')
    equal(good(await files.remove([path])).length, 1)
  },
  async 'storage: others can neither read nor write'() {
    const path = `${alice.id}/private.txt`
    good(await alice.client.storage.from('files').upload(path, new Blob(['hi'])))
    const files = bob.client.storage.from('files')
    if (!(await files.download(path)).error) throw new Error('downloaded')
    equal((await files.upload(`${alice.id}/x`, new Blob(['x']))).error.statusCode, '403')
  },
  async 'realtime: broadcast is answered and reaches the others only'() {
    const first = await join(alice.client, 'lobby', { broadcast: { ack: true } })
    const second = await join(bob.client, 'lobby')
    const send = (n) => first.channel.send({ type: 'broadcast', event: 'grüße', payload: { n } })
    equal(await send(1), 'ok')
    const { event, payload } = await second.heard.next()
    equal([event, payload], ['grüße', { n: 1 }])
    equal(first.heard.messages, [])
  },
  async 'realtime: private topic takes members'() {
    const first = await join(alice.client, 'members', { private: true, broadcast: { self: true } })
    const second = await join(bob.client, 'members', { private: true })
    await first.channel.send({ type: 'broadcast', event: 'e', payload: { n: 2 } })
    for (const { heard } of [first, second]) equal((await heard.next()).payload, { n: 2 })
  },
  async 'realtime: private topic refuses others and anon'() {
    for (const [stranger, topic] of [[bob.client, `user:${alice.id}`], [anon, 'members']]) {
      const channel = stranger.channel(topic, { config: { private: true } })
      const [state, message] = await subscribed(channel)
      equal(state, 'CHANNEL_ERROR')
      if (!message.includes('Unauthorized')) throw new Error(message)
      await stranger.removeChannel(channel)
    }
  },
  async 'realtime: bytes pass where the protocol carries them'() {
    const first = await join(alice.client, 'bytes')
    const second = await join(bob.client, 'bytes')
    if (vsn === '2.0.0') {
      await first.channel.send({ type: 'broadcast', event: 'e', payload: new Uint8Array([0, 255]).buffer })
      equal([...new Uint8Array((await second.heard.next()).payload)], [0, 255])
    }
    equal((await first.channel.httpSend('json', { n: 3 })).success, true)
    equal((await second.heard.next()).payload, { n: 3 })
  },
  async 'realtime: message of the database reaches its owner'() {
    const { heard } = await join(alice.client, `user:${alice.id}`, { private: true })
    const post = good(await alice.client.from('posts').insert({ body: 'told' }).select().single())
    const message = await heard.next((message) => message.payload.record.id === post.id)
    equal([message.event, message.meta.id], ['INSERT', message.payload.id])
  },
  async 'realtime: presence of several keys, updates and leaving'() {
    const devices = {}
    for (const [key, owner] of [['a', alice.client], ['b', bob.client], ['c', anon]]) {
      const heard = new Heard()
      const channel = owner.channel('here', { config: { presence: { key } } })
      channel.on('presence', { event: 'sync' }, () => heard.note(structuredClone(channel.presenceState())))
      equal(await subscribed(channel), ['SUBSCRIBED', undefined])
      equal(await channel.track({ device: key }), 'ok')
      devices[key] = { channel, heard }
    }
    const state = (check, what) =>
      Promise.all(Object.values(devices).map(({ heard }) => heard.next(check, what)))
    await state((now) => 'a' in now && 'b' in now && 'c' in now, 'everybody')
    await devices.b.channel.track({ device: 'changed' })
    await state((now) => now.b?.length === 1 && now.b[0].device === 'changed', 'the update')
    await devices.b.channel.untrack()
    await state((now) => !('b' in now) && 'a' in now, 'the leave')
    await anon.removeAllChannels()
    delete devices.c
    await state((now) => !('c' in now) && 'a' in now, 'the disconnection')
  },
  async 'realtime: changes of rows reach whom they belong to'() {
    const heard = { alice: new Heard(), bob: new Heard() }
    for (const [name, { client: own }] of Object.entries({ alice, bob })) {
      const channel = own.channel('rows')
      const filters = [{ event: '*' }, { event: 'UPDATE', filter: 'body=eq.new' }]
      for (const filter of filters) {
        channel.on('postgres_changes', { schema: 'public', table: 'posts', ...filter }, heard[name].note)
      }
      const ready = new Heard()
      channel.on('system', {}, ready.note)
      equal(await subscribed(channel), ['SUBSCRIBED', undefined])
      equal((await ready.next()).message, 'Subscribed to PostgreSQL')
    }
    const posts = () => alice.client.from('posts')
    const row = { body: 'old', amount: 1.25, tags: ['x', 'y'], extra: { a: [1] } }
    const post = good(await posts().insert(row).select().single())
    const insert = await heard.alice.next()
    equal([insert.eventType, insert.new.id, insert.new.amount], ['INSERT', post.id, 1.25])
    equal([insert.new.tags, insert.new.extra], [['x', 'y'], { a: [1] }])
    good(await posts().update({ body: 'new' }).eq('id', post.id).select())
    for (let binding = 0; binding < 2; binding++) equal((await heard.alice.next()).eventType, 'UPDATE')
    equal((await posts().delete().eq('id', post.id)).error, null)
    for (const own of [heard.alice, heard.bob]) {
      const change = await own.next()
      equal([change.eventType, change.old], ['DELETE', { id: post.id }])
    }
  },
  async 'realtime: token expiry closes the channel'() {
    const own = client()
    await own.realtime.setAuth(shortToken(alice.id, 3))
    const states = new Heard()
    const systems = new Heard()
    const channel = own.channel('members', { config: { private: true } })
    channel.on('system', {}, systems.note)
    channel.subscribe((state) => states.note(state))
    equal(await states.next(), 'SUBSCRIBED')
    const { status, message } = await systems.next()
    equal([status, message.startsWith('Token has expired')], ['error', true])
    equal(await states.next(), 'CLOSED')
  },
  async 'realtime: leaving closes the channel'() {
    const { channel } = await join(alice.client, 'left')
    equal(await channel.unsubscribe(), 'ok')
    equal(channel.state, 'closed')
  },
}

async function report(name) {
  const error = await checks[name]().then(() => null, (problem) => String(problem?.stack ?? problem))
  console.log(JSON.stringify({ name, error }))
}

// The time of this one's token runs already; the others pass it meanwhile.
const EXPIRY = 'realtime: token expiry closes the channel'
const expiry = report(EXPIRY)
for (const name of Object.keys(checks)) {
  if (name === EXPIRY) continue
  await report(name)
  await Promise.all([alice, bob].map((own) => own.client.removeAllChannels()))
}
await expiry
process.exit(0)
