# Turns a drawing for a light page into one for a dark page. Drawings use these colours and no others.
s/#1d1d1f/#f5f5f7/g
s/#f5f5f7; stroke: #86868b/#2c2c2e; stroke: #98989d/
s/#dbe9fb/#16324f/
s/#2f6fc0/#6aa9f4/
s/#fbe8d3/#4a2c10/
s/#b7651a/#f0a458/
s/#def3e0/#173a1d/
s/#2f8540/#6cc980/
