/**
 * The state file's tables, one entry a version. A resource is kept as the JSON that the API answers with, and the
 * columns beside it are derived from that JSON, so plain SQL can audit the file and nothing is stored twice.
 */
export const migrations: readonly string[] = [
  `
  create table settings (
    name text primary key,
    value text not null
  ) strict;

  create table products (
    position integer primary key,
    product_id text not null unique,
    archived integer not null default 0 check (archived in (0, 1)),
    document text not null check (json_valid(document)),
    is_recurring integer generated always as (document ->> '$.is_recurring') virtual,
    brand_id text generated always as (document ->> '$.brand_id') virtual
  ) strict;

  create table customers (
    position integer primary key,
    customer_id text not null unique,
    document text not null check (json_valid(document)),
    email text generated always as (document ->> '$.email') virtual,
    name text generated always as (document ->> '$.name') virtual,
    created_at text generated always as (document ->> '$.created_at') virtual
  ) strict;
  create index customers_by_email on customers (lower(email));

  create table checkout_sessions (
    position integer primary key,
    session_id text not null unique,
    document text not null check (json_valid(document)),
    payment_id text generated always as (document ->> '$.payment_id') virtual,
    payment_status text generated always as (document ->> '$.payment_status') virtual
  ) strict;

  create table payments (
    position integer primary key,
    payment_id text not null unique,
    session_id text not null references checkout_sessions (session_id),
    attempt text not null,
    document text not null check (json_valid(document)),
    line_items text not null check (json_valid(line_items)),
    status text generated always as (document ->> '$.status') virtual,
    total_amount integer generated always as (document ->> '$.total_amount') virtual,
    currency text generated always as (document ->> '$.currency') virtual,
    customer_id text generated always as (document ->> '$.customer.customer_id') virtual,
    brand_id text generated always as (document ->> '$.brand_id') virtual,
    subscription_id text generated always as (document ->> '$.subscription_id') virtual,
    created_at text generated always as (document ->> '$.created_at') virtual,
    unique (session_id, attempt)
  ) strict;
  -- A session is paid once, whatever the code above believes.
  create unique index payments_one_success_a_session on payments (session_id) where document ->> '$.status' = 'succeeded';
  create index payments_by_customer on payments (customer_id);

  create table webhook_endpoints (
    position integer primary key,
    endpoint_id text not null unique,
    document text not null check (json_valid(document)),
    secret text not null,
    headers text not null check (json_valid(headers)),
    start_up_position integer unique,
    idempotency_key text unique,
    deleted integer not null default 0 check (deleted in (0, 1))
  ) strict;

  create table webhook_messages (
    position integer primary key,
    message_id text not null unique,
    event_type text not null,
    payload_type text not null,
    resource_id text not null,
    occurred_at text not null
  ) strict;
  create index webhook_messages_by_resource on webhook_messages (resource_id);

  create table deliveries (
    position integer primary key,
    delivery_id text not null unique,
    message_id text not null references webhook_messages (message_id),
    endpoint_id text not null references webhook_endpoints (endpoint_id),
    state text not null check (state in ('pending', 'delivered', 'failed', 'cancelled')),
    scheduled_attempts integer not null default 0,
    next_attempt_at text,
    check ((state = 'pending') = (next_attempt_at is not null)),
    unique (message_id, endpoint_id)
  ) strict;
  create index deliveries_due on deliveries (next_attempt_at) where state = 'pending';

  create table delivery_attempts (
    delivery_id text not null references deliveries (delivery_id),
    attempt_number integer not null,
    trigger text not null check (trigger in ('schedule', 'resend')),
    attempted_at text not null,
    duration_ms integer not null,
    url text not null,
    request_headers text not null check (json_valid(request_headers)),
    body text not null,
    response_status integer,
    response_body text,
    error text,
    primary key (delivery_id, attempt_number)
  ) strict, without rowid;
  `,
  `
  -- A renewal or a charge of a saved card has no session.
  create table payments_anew (
    position integer primary key,
    payment_id text not null unique,
    session_id text references checkout_sessions (session_id),
    attempt text,
    document text not null check (json_valid(document)),
    line_items text not null check (json_valid(line_items)),
    -- What a payment under way comes to, and when.
    due_at text,
    due_outcome text check (json_valid(due_outcome)),
    status text generated always as (document ->> '$.status') virtual,
    total_amount integer generated always as (document ->> '$.total_amount') virtual,
    currency text generated always as (document ->> '$.currency') virtual,
    customer_id text generated always as (document ->> '$.customer.customer_id') virtual,
    brand_id text generated always as (document ->> '$.brand_id') virtual,
    subscription_id text generated always as (document ->> '$.subscription_id') virtual,
    created_at text generated always as (document ->> '$.created_at') virtual,
    check ((session_id is null) = (attempt is null)),
    check ((due_at is null) = (due_outcome is null)),
    unique (session_id, attempt)
  ) strict;
  insert into payments_anew (position, payment_id, session_id, attempt, document, line_items)
    select position, payment_id, session_id, attempt, document, line_items from payments;
  drop table payments;
  alter table payments_anew rename to payments;
  create unique index payments_one_success_a_session on payments (session_id) where document ->> '$.status' = 'succeeded';
  create index payments_by_customer on payments (customer_id);
  create index payments_due on payments (due_at) where due_at is not null;

  create table payment_methods (
    position integer primary key,
    payment_method_id text not null unique,
    customer_id text not null references customers (customer_id),
    card_number text not null,
    document text not null check (json_valid(document)),
    deleted integer not null default 0 check (deleted in (0, 1))
  ) strict;
  create index payment_methods_by_customer on payment_methods (customer_id);
  `,
  `
  -- A table's check cannot be changed in place: deliveries gain a state, and what faults do to them.
  create table deliveries_anew (
    position integer primary key,
    delivery_id text not null unique,
    message_id text not null references webhook_messages (message_id),
    endpoint_id text not null references webhook_endpoints (endpoint_id),
    state text not null check (state in ('pending', 'delivered', 'failed', 'cancelled', 'dropped')),
    scheduled_attempts integer not null default 0,
    next_attempt_at text,
    duplicates_left integer not null default 0 check (duplicates_left >= 0),
    -- 'next', and once that is known its delivery_id: what this one lets go first.
    waits_for text,
    check ((state = 'pending') = (next_attempt_at is not null)),
    unique (message_id, endpoint_id)
  ) strict;
  insert into deliveries_anew
    (position, delivery_id, message_id, endpoint_id, state, scheduled_attempts, next_attempt_at)
    select position, delivery_id, message_id, endpoint_id, state, scheduled_attempts, next_attempt_at from deliveries;
  drop table deliveries;
  alter table deliveries_anew rename to deliveries;
  create index deliveries_due on deliveries (next_attempt_at) where state = 'pending';
  create index deliveries_waiting on deliveries (waits_for) where waits_for is not null;

  alter table webhook_messages add column payload_faults text not null default '[]' check (json_valid(payload_faults));

  create table fault_rules (
    position integer primary key,
    rule_id text not null unique,
    document text not null check (json_valid(document)),
    seed integer not null,
    draws integer not null default 0,
    times_left integer check (times_left >= 0),
    start_up integer not null check (start_up in (0, 1))
  ) strict;

  create table injected_faults (
    position integer primary key,
    kind text not null,
    injected_at text not null,
    rule_id text,
    route text,
    response_status integer,
    event_type text,
    message_id text,
    resource_id text
  ) strict;
  create index injected_faults_by_kind on injected_faults (kind);
  `,
  `
  alter table webhook_endpoints add column previous_secret text;
  alter table webhook_endpoints add column previous_secret_until text;
  -- A test message is sent once, whatever comes of it.
  alter table deliveries add column is_test integer not null default 0 check (is_test in (0, 1));
  `,
  `
  create table credit_entitlements (
    position integer primary key,
    entitlement_id text not null unique,
    deleted integer not null default 0 check (deleted in (0, 1)),
    document text not null check (json_valid(document)),
    name text generated always as (document ->> '$.name') virtual
  ) strict;
  create unique index credit_entitlements_by_name on credit_entitlements (name) where deleted = 0;

  create table credit_balances (
    position integer primary key,
    balance_id text not null unique,
    document text not null check (json_valid(document)),
    credit_entitlement_id text generated always as (document ->> '$.credit_entitlement_id') virtual,
    customer_id text generated always as (document ->> '$.customer_id') virtual,
    balance text generated always as (document ->> '$.balance') virtual,
    overage text generated always as (document ->> '$.overage') virtual
  ) strict;
  create unique index credit_balances_by_account on credit_balances (credit_entitlement_id, customer_id);
  create index credit_balances_by_customer on credit_balances (customer_id);

  create table credit_grants (
    position integer primary key,
    grant_id text not null unique,
    subscription_id text,
    document text not null check (json_valid(document)),
    credit_entitlement_id text generated always as (document ->> '$.credit_entitlement_id') virtual,
    customer_id text generated always as (document ->> '$.customer_id') virtual,
    expires_at text generated always as (document ->> '$.expires_at') virtual,
    status text generated always as (case
      when document ->> '$.is_expired' then 'expired'
      when document ->> '$.remaining_amount' = '0' then 'depleted'
      else 'active' end) virtual
  ) strict;
  create index credit_grants_by_account on credit_grants (credit_entitlement_id, customer_id, status);
  create index credit_grants_expiring on credit_grants (expires_at)
    where expires_at is not null and status = 'active';

  create table credit_ledger (
    position integer primary key,
    entry_id text not null unique,
    idempotency_key text,
    document text not null check (json_valid(document)),
    credit_entitlement_id text generated always as (document ->> '$.credit_entitlement_id') virtual,
    customer_id text generated always as (document ->> '$.customer_id') virtual,
    transaction_type text generated always as (document ->> '$.transaction_type') virtual,
    amount text generated always as (document ->> '$.amount') virtual,
    created_at text generated always as (document ->> '$.created_at') virtual
  ) strict;
  create index credit_ledger_by_account on credit_ledger (credit_entitlement_id, customer_id);
  create unique index credit_ledger_by_key on credit_ledger (credit_entitlement_id, customer_id, idempotency_key)
    where idempotency_key is not null;

  create table credit_terms (
    position integer primary key,
    subscription_id text not null,
    document text not null check (json_valid(document)),
    credit_entitlement_id text generated always as (document ->> '$.credit_entitlement_id') virtual,
    customer_id text generated always as (document ->> '$.customer_id') virtual
  ) strict;
  create unique index credit_terms_by_subscription on credit_terms (subscription_id, credit_entitlement_id);
  create index credit_terms_by_account on credit_terms (credit_entitlement_id, customer_id);

  create table credit_balances_low (
    position integer primary key,
    low_id text not null unique,
    document text not null check (json_valid(document))
  ) strict;
  `,
  `
  create table discounts (
    position integer primary key,
    discount_id text not null unique,
    document text not null check (json_valid(document)),
    deleted integer not null default 0 check (deleted in (0, 1)),
    code text generated always as (document ->> '$.code') virtual
  ) strict;
  create unique index discounts_by_code on discounts (code) where deleted = 0;

  -- What is bought, and no longer what it costs: that depends on the country, the currency and the codes.
  update checkout_sessions set document = json_set(
    json_remove(document, '$.cart.subtotal', '$.cart.tax', '$.cart.total'),
    '$.billing_currency', null,
    '$.discount_codes', json('[]')
  );
  `,
  `
  create table portal_sessions (
    token text primary key,
    customer_id text not null references customers (customer_id),
    return_url text,
    expires_at text not null
  ) strict, without rowid;
  `,
  `
  create index checkout_sessions_by_payment on checkout_sessions (payment_id);
  -- A card is saved when the payment that it was given with goes well, which may be later.
  alter table payment_methods add column saved integer not null default 1 check (saved in (0, 1));

  update checkout_sessions set document = json_set(
    document, '$.force_3ds', json('false'), '$.confirmed', json('false'), '$.show_saved_payment_methods', json('false')
  );
  `,
  `
  create table refunds (
    position integer primary key,
    refund_id text not null unique,
    document text not null check (json_valid(document)),
    items text not null check (json_valid(items)),
    due_at text,
    due_outcome text check (due_outcome in ('succeeded', 'failed', 'review')),
    payment_id text generated always as (document ->> '$.payment_id') virtual,
    status text generated always as (document ->> '$.status') virtual,
    amount integer generated always as (document ->> '$.amount') virtual,
    currency text generated always as (document ->> '$.currency') virtual,
    created_at text generated always as (document ->> '$.created_at') virtual,
    check ((due_at is null) = (due_outcome is null))
  ) strict;
  create index refunds_by_payment on refunds (payment_id);
  create index refunds_due on refunds (due_at) where due_at is not null;
  -- One refund of a payment is under way at a time, whatever the code above believes.
  create unique index refunds_one_under_way on refunds (payment_id)
    where document ->> '$.status' in ('pending', 'review');

  create table disputes (
    position integer primary key,
    dispute_id text not null unique,
    document text not null check (json_valid(document)),
    payment_id text generated always as (document ->> '$.payment_id') virtual,
    dispute_status text generated always as (document ->> '$.dispute_status') virtual,
    created_at text generated always as (document ->> '$.created_at') virtual
  ) strict;
  create index disputes_by_payment on disputes (payment_id);
  create index disputes_by_status on disputes (dispute_status, created_at);
  `,
  `
  -- What reaches the shop, as the invoice lists it; payments of earlier versions have none.
  alter table payments add column settlement text check (json_valid(settlement));
  `,
  `
  create table subscriptions (
    position integer primary key,
    subscription_id text not null unique,
    document text not null check (json_valid(document)),
    -- What it needs to go on, and when something is next to be done about it.
    state text not null check (json_valid(state)),
    due_at text,
    status text generated always as (document ->> '$.status') virtual,
    customer_id text generated always as (document ->> '$.customer.customer_id') virtual,
    product_id text generated always as (document ->> '$.product_id') virtual,
    brand_id text generated always as (document ->> '$.brand_id') virtual,
    cancel_at_next_billing_date integer
      generated always as (document ->> '$.cancel_at_next_billing_date') virtual,
    created_at text generated always as (document ->> '$.created_at') virtual
  ) strict;
  create index subscriptions_due on subscriptions (due_at) where due_at is not null;
  create index subscriptions_by_customer on subscriptions (customer_id);

  create table dunning_attempts (
    position integer primary key,
    dunning_id text not null unique,
    document text not null check (json_valid(document))
  ) strict;

  alter table credit_terms add column ended integer not null default 0 check (ended in (0, 1));
  `,
]
