// The checkout page's behaviour: it spares retyping and reloading, and it speaks to the shop that frames the page.
// Everything also works without it, as a plain form.

const checkout = document.getElementById('checkout')
const form = checkout?.querySelector('form')
const framed = window.parent !== window
const manualRedirect = checkout?.dataset.manualRedirect === 'true'

/** Tells the shop what happened, in the words of Dodo's overlay protocol. */
function tell(eventType, message) {
  if (!framed) return
  // Any origin: Dodo's page does not know who frames it either, and nothing secret is said.
  window.parent.postMessage({ event_type: eventType, data: message === undefined ? {} : { message } }, '*')
}

function close() {
  tell('checkout.closed')
}

for (const button of document.querySelectorAll('[data-close]')) button.addEventListener('click', close)
if (checkout?.dataset.display === 'overlay') {
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented) close()
  })
}

tell('checkout.opened')
if (checkout?.dataset.event) {
  const isError = checkout.dataset.event === 'checkout.error'
  tell(checkout.dataset.event, isError ? { message: checkout.dataset.message } : undefined)
}

if (form?.id === 'challenge-form') startChallenge(form)
else if (form) startForm(form)
if (framed && checkout?.dataset.display === 'inline') keepFrameAsHigh()

/** The bank's question: answered by a button, and told to the shop like a payment's end. */
function startChallenge(form) {
  let isAnswered = false
  if (checkout.dataset.display === 'overlay') form.querySelector('button').focus()
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (isAnswered) return
    isAnswered = true
    const status = document.getElementById('form-status')
    const alertBox = document.getElementById('form-error')
    alertBox.hidden = true
    status.textContent = 'Answering…'
    try {
      const response = await fetch(form.action, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams({ decision: event.submitter?.value ?? 'approve' }),
      })
      const answer = await response.json()
      if (answer.status !== 'succeeded') {
        if (manualRedirect) tell('checkout.status', { status: 'failed' })
        location.assign(answer.next ?? location.href)
        return
      }
      if (framed && checkout.dataset.display !== 'full') status.textContent = 'Payment received.'
      leave(answer, () => location.assign(answer.next))
    } catch {
      isAnswered = false
      status.textContent = ''
      alertBox.textContent = 'No answer from the local Dodo. See that it runs, then press the button again.'
      alertBox.hidden = false
    }
  })
}

/** A payment that went well or is under way goes back to the shop; without a way there the page itself says how it is. */
function leave(answer, stay) {
  if (!framed || checkout.dataset.display === 'full') {
    if (answer.redirect_to === null) stay()
    else location.assign(answer.redirect_to)
    return
  }
  if (manualRedirect) tell('checkout.status', { status: answer.status })
  if (answer.redirect_to === null) {
    if (!manualRedirect) stay()
    return
  }
  tell(manualRedirect ? 'checkout.redirect_requested' : 'checkout.redirect', {
    redirect_to: answer.redirect_to,
  })
}

function startForm(form) {
  const field = (name) => form.elements.namedItem(name)
  const alertBox = document.getElementById('form-error')
  const status = document.getElementById('form-status')
  const button = form.querySelector('.pay-button')
  const label = button.querySelector('[data-label]')
  const apply = checkout.querySelector('[data-apply]')
  let labelText = label.textContent
  const statusText = status.textContent
  let paying = false
  let quotes = 0

  field('card_number').addEventListener('input', (event) => format(event.target, groupsOfFour))
  field('expiry').addEventListener('input', (event) => format(event.target, monthSlashYear))
  field('cvc').addEventListener('input', (event) => format(event.target, (digits) => digits.slice(0, 4)))

  for (const fill of form.querySelectorAll('[data-fill]')) {
    fill.addEventListener('click', () => {
      field('card_number').value = groupsOfFour(fill.dataset.fill)
      field('expiry').value = fill.dataset.expiry
      field('cvc').value = '123'
      for (const name of ['card_number', 'expiry', 'cvc']) showFieldError(name, '')
      showError('')
      status.textContent = `Filled in the card that ends in ${fill.dataset.fill.slice(-4)}.`
      button.focus()
    })
  }

  checkout.addEventListener('input', (event) => {
    if (event.target.name) showFieldError(event.target.name, '')
  })
  // What the price depends on. The currency is picked in a part of the page that comes anew with every price.
  checkout.addEventListener('change', (event) => {
    if (['country', 'currency', 'discount_code'].includes(event.target.name)) void requote()
  })
  if (apply) {
    apply.hidden = false
    apply.addEventListener('click', () => void requote())
  }

  const newCard = document.getElementById('new-card')
  if (newCard.dataset.optional !== undefined) {
    const showNewCard = () => {
      newCard.hidden = form.elements.namedItem('payment_method_id').value !== ''
    }
    form.addEventListener('change', showNewCard)
    showNewCard()
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!paying) void pay()
  })

  tell('checkout.form_ready')
  tell('checkout.payment_page_opened')
  tell('checkout.breakdown', JSON.parse(checkout.dataset.breakdown))
  if (checkout.dataset.display === 'overlay') firstToFill().focus()

  /** Shows what the choices come to. The answer to the last question counts, whichever comes last. */
  async function requote() {
    quotes += 1
    const asked = quotes
    const { pathname, search } = new URL(form.action)
    try {
      const response = await fetch(`${pathname}/quote${search}`, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams(new FormData(form)),
      })
      const answer = await response.json()
      if (asked !== quotes) return
      if (!response.ok) {
        showError(answer.message ?? 'The local Dodo failed. Its log says why.')
        return
      }
      showQuote(answer)
      showError(answer.error)
      for (const [name, text] of Object.entries(answer.fields)) showFieldError(name, text)
    } catch {
      if (asked === quotes) showError('No answer from the local Dodo. See that it runs, then try again.')
    }
  }

  function showQuote(answer) {
    const place = document.getElementById('quote')
    const picking = place.contains(document.activeElement)
    place.outerHTML = answer.summary
    if (picking) document.getElementById('currency')?.focus()
    document.getElementById('card-fields').hidden = !answer.needs_card
    labelText = answer.pay_label
    if (!paying) label.textContent = labelText
    status.textContent = `The total is ${document.getElementById('dialog-title').textContent}.`
    tell('checkout.breakdown', answer.breakdown)
  }

  async function pay() {
    setPaying(true)
    showError('')
    tell('checkout.pay_button_clicked')
    try {
      const response = await fetch(form.action, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams(new FormData(form)),
      })
      const answer = await response.json()
      if (answer.status === 'invalid') refuse(answer)
      else if (answer.status === 'changed') changed(answer)
      else if (answer.status === 'failed') decline(answer)
      else if (answer.status === 'succeeded' || answer.status === 'processing') succeed(answer)
      else if (answer.status === 'requires_customer_action') challenge(answer)
      else end(answer)
    } catch {
      // The attempt keeps its token, so pressing the button again cannot pay twice.
      setPaying(false)
      fail(
        'No answer from the local Dodo. See that it runs, then press the button again: you will not pay twice.',
      )
    }
  }

  function refuse(answer) {
    setPaying(false)
    let first
    for (const [name, text] of Object.entries(answer.fields)) {
      showFieldError(name, text)
      first ??= field(name)
    }
    showError(answer.message)
    first?.focus()
  }

  /** Nothing was charged: the customer had seen another total. */
  function changed(answer) {
    setPaying(false)
    showQuote(answer)
    showError(answer.message)
    button.focus()
  }

  function decline(answer) {
    tell('checkout.customer_details_submitted')
    field('attempt').value = answer.attempt
    field('cvc').value = ''
    setPaying(false)
    fail(answer.message)
    if (manualRedirect) tell('checkout.status', { status: 'failed' })
  }

  /** The bank asks the customer, on a page of its own in the same place. */
  function challenge(answer) {
    tell('checkout.customer_details_submitted')
    location.assign(answer.next)
  }

  function succeed(answer) {
    tell('checkout.customer_details_submitted')
    if (framed && checkout.dataset.display !== 'full') {
      // Paid for good: the button stays off, and nothing is waited for any more.
      form.setAttribute('aria-busy', 'false')
      label.textContent = answer.status === 'succeeded' ? 'Paid' : 'Processing'
      status.textContent =
        answer.status === 'succeeded' ? 'Payment received.' : 'The bank has not answered yet.'
    }
    leave(answer, () => location.reload())
  }

  /** The session cannot be paid any more: the page itself says why, once it is loaded anew. */
  function end(answer) {
    if (answer.code?.startsWith('CHECKOUT_SESSION_') || answer.code === 'NOT_FOUND') {
      location.reload()
      return
    }
    setPaying(false)
    fail(answer.message ?? 'The local Dodo failed. Its log says why.')
  }

  function setPaying(on) {
    paying = on
    button.setAttribute('aria-disabled', String(on))
    form.setAttribute('aria-busy', String(on))
    label.textContent = on ? 'Paying…' : labelText
    status.textContent = on ? 'Paying…' : statusText
  }

  function fail(text) {
    showError(text)
    tell('checkout.error', { message: text })
    alertBox.scrollIntoView({ block: 'nearest' })
    field('card_number').focus({ preventScroll: true })
  }

  function showError(text) {
    alertBox.textContent = text
    alertBox.hidden = text === ''
  }

  function showFieldError(name, text) {
    const place = document.getElementById(`${name}-error`)
    if (!place) return
    place.textContent = text
    place.hidden = text === ''
    field(name).setAttribute('aria-invalid', String(text !== ''))
  }

  function firstToFill() {
    const empty = [...form.querySelectorAll('input:not([type=hidden]), select')].find(
      (input) => !input.readOnly && input.value === '' && input.checkVisibility(),
    )
    return empty ?? button
  }
}

/** Lets the shop's frame be as high as what is in it, by the messages that `dodopayments-checkout` listens to. */
function keepFrameAsHigh() {
  const kind = '[dodo-iframe-resize]'
  const post = (message) => window.parent.postMessage({ kind, ...message }, '*')
  const sendSize = () => {
    const { width, height } = document.body.getBoundingClientRect()
    post({ type: 'size', width: Math.ceil(width), height: Math.ceil(height) })
  }
  window.addEventListener('message', ({ source, data }) => {
    if (source !== window.parent || data?.kind !== kind) return
    if (data.type === 'parent-ping') post({ type: 'child-ready' })
    if (data.type === 'parent-ack') sendSize()
  })
  new ResizeObserver(sendSize).observe(document.body)
  post({ type: 'child-ready' })
}

/** Rewrites what was typed, and keeps the caret behind the same digit. */
function format(input, write) {
  const digitsBefore = input.value.slice(0, input.selectionStart).replace(/\D/g, '').length
  const atEnd = input.selectionStart === input.value.length
  input.value = write(input.value.replace(/\D/g, ''))
  let caret = input.value.length
  if (!atEnd) {
    caret = 0
    for (let seen = 0; seen < digitsBefore && caret < input.value.length; caret += 1)
      if (/\d/.test(input.value[caret])) seen += 1
  }
  input.setSelectionRange(caret, caret)
}

function groupsOfFour(digits) {
  return digits.slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 ')
}

function monthSlashYear(digits) {
  const typed = /^[2-9]/.test(digits) ? `0${digits}` : digits
  // Autofill may bring the year in full.
  const short =
    typed.length === 6 && typed.slice(2, 4) === '20' ? typed.slice(0, 2) + typed.slice(4) : typed.slice(0, 4)
  return short.length > 2 ? `${short.slice(0, 2)} / ${short.slice(2)}` : short
}
