/** Three streams that become one. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" className={className} aria-hidden>
      <g stroke="currentColor" strokeWidth="2.2" strokeLinecap="round">
        <path d="M2.5 5.5c6 0 6.5 6.5 12.5 6.5" opacity=".55" />
        <path d="M2.5 18.5c6 0 6.5-6.5 12.5-6.5" opacity=".8" />
        <path d="M2.5 12h19" />
      </g>
    </svg>
  );
}
