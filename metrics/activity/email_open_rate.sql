-- One row per e-mail sent. Opened, clicked and replied count among the delivered ones.
{% set of_delivered = 'case when delivered_at < {as_of} then case when {} < {as_of} then 1 else 0 end end' %}
{% call kpi(
    measures={
        'open_rate': {'ratio': ['opened', 'delivered'], 'cohort': true},
        'sent': {'count': 'sent', 'cohort': true},
        'bounce_rate': {'ratio': ['bounced', 'sent'], 'cohort': true},
        'click_rate': {'ratio': ['clicked', 'delivered'], 'cohort': true},
        'reply_rate': {'ratio': ['replied', 'delivered'], 'cohort': true},
    },
    dimensions=['email_type', 'campaign', 'rep', 'team'],
    outcomes={
        'bounced': 'case when bounced_at < {as_of} then 1 else 0 end',
        'delivered': 'case when delivered_at < {as_of} then 1 end',
        'opened': of_delivered.replace('{}', 'first_opened_at'),
        'clicked': of_delivered.replace('{}', 'first_clicked_at'),
        'replied': of_delivered.replace('{}', 'replied_at'),
    },
) %}
    select
        *,
        sent_on as event_on,
        sent_at as known_at,
        1 as sent
    from {{ ref('fct_emails') }}
    where is_visible
{% endcall %}
