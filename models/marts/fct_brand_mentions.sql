-- One row per mention of the brand.
select
    source_system,
    mention_id,
    mentioned_at,
    {{ local_date('mentioned_at') }} as mentioned_on,
    {{ is_before_as_of('mentioned_at') }} as is_visible,
    coalesce(platform, '(none)') as platform,
    sentiment,
    reach,
    url
from {{ kept('brand_mentions') }} as brand_mentions
