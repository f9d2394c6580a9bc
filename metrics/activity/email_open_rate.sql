-- One row per e-mail sent. Opened, clicked and replied count among the delivered ones.
{% call kpi(
    measures={
        'open_rate': {'ratio': ['opened', 'delivered'], 'cohort': true},
        'sent': {'count': 'sent', 'cohort': true},
        'bounce_rate': {'ratio': ['bounced', 'sent'], 'cohort': true},
        'click_rate': {'ratio': ['clicked', 'delivered'], 'cohort': true},
        'reply_rate': {'ratio': ['replied', 'delivered'], 'cohort': true},
    },
    dimensions=['email_type', 'campaign', 'rep', 'team'],
) %}
    select
        *,
        sent_on as event_on,
        1 as sent,
        case when bounced_at is not null then 1 else 0 end as bounced,
        case when delivered_at is not null then 1 end as delivered,
        case when delivered_at is not null then case when first_opened_at is not null then 1 else 0 end end as opened,
        case when delivered_at is not null then case when first_clicked_at is not null then 1 else 0 end end as clicked,
        case when delivered_at is not null then case when replied_at is not null then 1 else 0 end end as replied
    from {{ ref('fct_emails') }}
    where is_visible
{% endcall %}
