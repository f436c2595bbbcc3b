// A person's devices in JavaScript, and somebody else's. Prints one line of JSON for each check.
//
// Reads SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY from the environment.
import { isDeepStrictEqual } from 'node:util'
import { createClient } from '@supabase/supabase-js'

const SECONDS = 20

function equal(actual, expected) {
  if (isDeepStrictEqual(actual, expected)) return
  throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
}

function good({ data, error }) {
  if (error) throw error
  return data
}

function client() {
  const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }
  return createClient(process.env.SUPABASE_URL, process.env.SUPABASE_PUBLISHABLE_KEY, { auth })
}

// A client, and what it heard, in order: [kind, content].
class Device {
  client = client()
  heard = []
  wake = () => {}

  async signIn(login) {
    good(await this.client.auth.signInWithPassword(login))
    await this.client.realtime.setAuth()
    return this
  }

  // Subscribes; the state is heard like everything else.
  join(topic, key = '') {
    const channel = this.client.channel(topic, { config: { private: true, presence: { key } } })
    channel.on('broadcast', { event: '*' }, ({ event, payload }) => this.note(event, payload.data ?? payload))
    if (key) {
      channel.on('presence', { event: 'sync' }, () =>
        this.note('presence', Object.keys(channel.presenceState()).sort().join()),
      )
    }
    channel.subscribe((state, error) => this.note(state, error?.message))
    return channel
  }

  note(kind, content) {
    this.heard.push([kind, content])
    this.wake()
  }

  // What is heard next.
  async next() {
    const late = AbortSignal.timeout(SECONDS * 1000)
    while (!this.heard.length) {
      await new Promise((resolve, reject) => {
        this.wake = resolve
        late.onabort = () => reject(new Error('nothing more was heard'))
      })
    }
    return this.heard.shift()
  }

  // The next of a kind that is wanted.
  async hears(kind, wanted = () => true) {
    for (;;) {
      const [heard, content] = await this.next()
      if (heard === kind && wanted(content)) return content
    }
  }
}

async function person() {
  const login = { email: `${crypto.randomUUID()}@example.com`, password: 'correct horse battery' }
  const { user } = good(await client().auth.signUp(login))
  return { ...login, id: user.id, topic: `user:${user.id}`, device: () => new Device().signIn(login) }
}

const owner = await person()
const stranger = await person()
const workout = { name: 'Push', date: '2026-11-27', start_time: '18:00', exercises: [] }
const rice = { name: 'rice', quantity: 1, unit: 'kg' }

const checks = {
  async 'write on one device reaches the other with the rows'() {
    const [writer, other] = [await owner.device(), await owner.device()]
    other.join(owner.topic)
    await other.hears('SUBSCRIBED')
    const created = good(await writer.client.rpc('create_workout', { workout }))
    const [type, { rows: told, ...what }] = await other.next()
    equal([type, what], ['workouts:update', { table: 'fitness_workouts', operation: 'INSERT' }])
    equal(told, [created])
    const events = writer.client.from('calendar_events').select('*').eq('source_id', created.id)
    const event = good(await events.single())
    const [kind, { rows, operation }] = await other.next()
    equal([kind, operation, rows.length], ['calendar:update', 'INSERT', 1])
    equal([rows[0].id, rows[0].updated_at, rows[0].title], [event.id, event.updated_at, 'Push'])
  },
  async 'devices see and reach each other'() {
    const devices = { phone: await owner.device(), watch: await owner.device() }
    const channels = {}
    for (const [key, own] of Object.entries(devices)) {
      channels[key] = own.join(owner.topic, key)
      await own.hears('SUBSCRIBED')
      equal(await channels[key].track({ device: key }), 'ok')
    }
    for (const own of Object.values(devices)) await own.hears('presence', (keys) => keys === 'phone,watch')
    await channels.phone.send({ type: 'broadcast', event: 'device:sign-out', payload: { reason: 'lost' } })
    equal(await devices.watch.hears('device:sign-out'), { reason: 'lost' })
  },
  async 'owner joins the own topic'() {
    const own = await owner.device()
    own.join(owner.topic)
    equal(await own.next(), ['SUBSCRIBED', undefined])
  },
  async 'stranger and anon cannot join the topic'() {
    for (const other of [await stranger.device(), new Device()]) {
      const channel = other.join(owner.topic)
      const [state, message] = await other.next()
      equal([state, message.includes('Unauthorized')], ['CHANNEL_ERROR', true])
      await other.client.removeChannel(channel)
    }
  },
  async 'stranger hears nothing of the owner'() {
    const [own, other] = [await owner.device(), await stranger.device()]
    own.join(owner.topic)
    await own.hears('SUBSCRIBED')
    other.join(owner.topic)
    equal((await other.next())[0], 'CHANNEL_ERROR')
    other.join(stranger.topic)
    equal((await other.next())[0], 'SUBSCRIBED')
    good(await own.client.from('pantry_items').insert(rice))
    await own.hears('pantry:update')
    // What the stranger hears first is the stranger's own, written after that.
    const stored = good(await other.client.from('pantry_items').insert(rice).select().single())
    const [kind, { rows }] = await other.next()
    equal([kind, rows[0].id], ['pantry:update', stored.id])
  },
}

for (const [name, check] of Object.entries(checks)) {
  const error = await check().then(() => null, (problem) => String(problem?.stack ?? problem))
  console.log(JSON.stringify({ name, error }))
}
process.exit(0)
