"""What is shown of spaces: the stored state, and beside it what the heartbeats say now."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import CallerError, Conflict
from stentor.base.units import SeatId
from stentor.bus.stages import Stages
from stentor.bus.status import SeatStatus, Statuses
from stentor.house.spaces import schema, site_schema
from stentor.house.spaces.ice import IceServers
from stentor.house.spaces.service import Spaces
from stentor.spaces import attendance, delay, portraits, retention, rights, rules, sounds
from stentor.spaces import commands as c
from stentor.spaces.delay import DumpSound
from stentor.spaces.lights import NEWS_LATE_S, Lights, lights
from stentor.spaces.model import ON_AIR, OVER, Asking, Keep, Role, RundownItem, Seat, Space, State
from stentor.spaces.opening import opened_ms, shown_ms
from stentor.spaces.phase import Phase, facts, phase
from stentor.spaces.private import chosen
from stentor.spaces.readiness import hindrances
from stentor.spaces.retention import DataCategory
from stentor.spaces.rights import Actor, Look, Rank
from stentor.spaces.switches import Switch

MOST = 200
"""Recordings in the list."""
CLOSING = "close_doors"
WISHES: dict[str, c.Command] = {
    "doors": c.OpenDoors(),
    CLOSING: c.CloseDoors(),
    "live": c.GoLive(),
    "end": c.End(),
    "cancel": c.Cancel(),
    "invite": c.GiveSeat(SeatId("any-other"), "any", Role.SPEAKER),
    "pin": c.PinNote("any-other", "any"),
    "rundown": c.SetRundown((RundownItem("any-other", "any"),)),
    "mute_speakers": c.MuteSpeakers(),
    "open_asking": c.SetAsking(Asking.ANYONE),
    "close_asking": c.SetAsking(Asking.NOBODY),
    "open_reactions": c.SetReactions(True),
    "close_reactions": c.SetReactions(False),
    "switch": c.SetSwitch(next(iter(Switch)), False),
    "limit_audience": c.LimitAudience(),
    "open_audience": c.OpenAudience(),
    "pin_rung": c.PinRung(0),
    "free_rung": c.PinRung(None),
    "remove_recording": c.RemoveRecording(reason="any"),
    "remove_space": c.RemoveSpace(reason="any"),
    "unlist": c.SetListed(False),
    "list": c.SetListed(True),
    "trim": c.TrimReplay(0, 1),
    "edit": c.SetLanguage("zxx"),
    "dump": DumpSound(),
    "keep": c.SetKeep(Keep(sounds=retention.MOST_DAYS)),
}
"""The commands that a page has buttons for."""


def seat_wishes(seat: SeatId) -> dict[str, c.Command]:
    """The commands about one seat that a page has buttons for."""
    return {
        "mute": c.MuteSeat(seat),
        "unmute": c.UnmuteSeat(seat),
        "turn": c.TurnSeat(seat, 1),
        "co_host": c.ChangeRole(seat, Role.CO_HOST),
        "speaker": c.ChangeRole(seat, Role.SPEAKER),
        "hand_over": c.HandOver(seat),
        "remove": c.RemoveSeat(seat),
        "ban": c.BanSeat(seat),
    }


class Views:
    """Makes what the API and the pages show."""

    def __init__(
        self, spaces: Spaces, statuses: Statuses, settings: Settings, ice: IceServers, keep: Callable[[], Keep]
    ) -> None:
        self._spaces, self._statuses = spaces, statuses
        self._stages = Stages(spaces.clock)
        statuses.follow(self._stages.hear)
        self._audience = settings.audience_address
        self.house = settings.house_address
        self._ice = ice
        self._end_after = attendance.parse(settings.end_after)
        self._keep = keep
        self.language = settings.language
        """Of spaces whose makers say none; may be empty."""

    def keeps_delay(self) -> bool:
        """Whether every process that is heard keeps a broadcast delay."""
        return self._statuses.reads_delay(self._spaces.clock())

    async def rows(self, actor: Actor = rights.ANYONE) -> schema.SpaceList:
        """The newest spaces by :func:`prominence`; with their lights for whoever runs the house."""
        spaces = [space for space in await self._spaces.newest.get() if _shows(space, actor)]
        return schema.SpaceList(spaces=[self._row(space, actor) for space in sorted(spaces, key=prominence)])

    async def space(self, space: Space, actor: Actor) -> schema.SpaceView:
        """Everything about a space for ``actor``."""
        now = self._spaces.clock()
        heard = self._statuses.fresh(now)
        told = {seat.id: seat for seat in self._statuses.seats(space.id, now)}
        return schema.SpaceView(
            id=space.id,
            title=space.title,
            state=space.state,
            phase=self.phase(space, now),
            version=space.version,
            language=space.language,
            hold=space.hold,
            max_seats=space.max_seats,
            full=space.full,
            created_ms=space.created_ms,
            scheduled_ms=space.scheduled_ms,
            doors_open_ms=space.doors_open_ms,
            live_ms=space.live_ms,
            ended_ms=space.ended_ms,
            now_ms=unix_ms(now),
            description=space.description,
            listeners=self._statuses.listeners(space.id, now),
            seats=[self._seat(space, seat, told.get(seat.id), actor) for seat in space.seats.values()],
            lights=self._lights(space, now),
            destinations=self._statuses.destinations(space.id, now),
            hindrances=hindrances(space, heard, now),
            audience=self.addresses(space),
            recording=self._recording(space),
            pins=[schema.PinView(pin.id, pin.text, pin.url, pin.at_ms) for pin in space.pins],
            rundown=space.rundown,
            sounds=space.sounds,
            playing=_playing(space, unix_ms(now)),
            ladder=schema.LadderView(space.rung, space.rung_cause, space.rung_value, space.pinned_rung),
            door=self._door(space, now),
            you=self._you(space, actor),
            asking=space.asking,
            reactions=space.reactions,
            switches={switch: space.allows(switch) for switch in Switch},
            comments=space.comments,
            comment_slow_s=space.slow_s,
            ask=f"{self.house}/ask/{space.id}" if space.hears_requests else None,
            banned=_bans(space, actor),
            ice_servers=self._ice.now(),
            removals=space.removals,
            removed=space.removed,
            erasing=not (space.recorded and not space.removals) and await self._spaces.store.removals.waits(space.id),
            listed=space.listed,
            visibility=chosen(space),
            delay=delay.told(space) if space.delay_s else None,
            trim=space.trim,
            about=space.about,
            show=space.show,
            records=space.records,
            ends_ms=attendance.ends_ms(space, self._end_after),
            keep=space.keep,
            site_keep=self._keep(),
            recording_until_ms=retention.until_ms(space, DataCategory.RECORDING, self._keep()),
        )

    async def recordings(self, actor: Actor = rights.ANYONE) -> site_schema.RecordingList:
        """Ended spaces that have a recording, the newest first; sizes once it is complete."""
        spaces = await self._spaces.store.list((State.ENDED, State.REPLAY), limit=MOST)
        known = {each.space: each for each in await self._spaces.store.recordings(limit=MOST)}
        found: list[site_schema.RecordingView] = []
        for space in (space for space in spaces if space.recorded and _shows(space, actor)):
            summary = known.get(space.id)
            address = self.listen(space.id)
            found.append(
                site_schema.RecordingView(
                    space=space.id,
                    title=space.title,
                    host=space.host.name if space.host else "",
                    people=_guests(space),
                    state=space.state,
                    started_ms=opened_ms(space) or 0,
                    ended_ms=space.ended_ms or 0,
                    complete=space.state is State.REPLAY,
                    duration_s=summary.duration_ms / 1000 if summary and not space.opened_ms else _length_s(space),
                    size_bytes=summary.size_bytes if summary else None,
                    gap_chunks=summary.gap_chunks if summary else None,
                    page=address,
                    download=f"{address}/recording.m4a",
                    playlist=f"{address}/replay/index.m3u8",
                    gaps=f"{address}/gaps.json",
                    until_ms=retention.until_ms(space, DataCategory.RECORDING, self._keep()),
                )
            )
        return site_schema.RecordingList(recordings=found)

    def processes(self) -> site_schema.ProcessList:
        """Every process that was heard in the last 3 s, by role and name."""
        heard = sorted(self._statuses.fresh(self._spaces.clock()), key=lambda status: (status.role, status.instance))
        return site_schema.ProcessList(
            processes=[
                site_schema.ProcessView(
                    role=status.role,
                    instance=status.instance,
                    pid=status.pid,
                    heard_ms=status.at_ms,
                    spaces=sorted(status.spaces),
                    numbers=status.numbers,
                    problem=status.problem,
                )
                for status in heard
            ]
        )

    def listen(self, space: str) -> str:
        """The listener's page."""
        return f"{self._audience}/s/{space}"

    def page(self, space: Space) -> str:
        """Where listeners come in."""
        return f"{self._audience}/enter/{space.id}" if space.private else self.listen(space.id)

    def addresses(self, space: Space) -> dict[str, str]:
        """Where listeners find what there is in this state."""
        page = self.listen(space.id)
        if space.private:
            return {"page": self.page(space)}
        found = {"page": page, "door": f"{page}/door.json", "hold": f"{page}/hold.m4a"}
        if space.state in ON_AIR:
            found |= {
                "aac": f"{page}/live.aac",
                "opus": f"{page}/live.opus",
                "mp4": f"{page}/live.mp4",
                "hls": f"{page}/hls/index.m3u8",
                "pulse": f"{page}/pulse.json",
            }
        if space.state is State.REPLAY and space.recorded:
            found |= {"replay": f"{page}/replay/index.m3u8", "download": f"{page}/recording.m4a"}
        return found

    def _row(self, space: Space, actor: Actor) -> schema.SpaceRow:
        now = self._spaces.clock()
        own = space.seat_of(actor.account) if space.state not in OVER else None
        return schema.SpaceRow(
            id=space.id,
            title=space.title,
            state=space.state,
            phase=self.phase(space, now),
            language=space.language,
            scheduled_ms=space.scheduled_ms,
            doors_open_ms=opened_ms(space),
            live_ms=space.live_ms,
            ended_ms=space.ended_ms,
            listeners=self._statuses.listeners(space.id, now),
            listen=self.page(space),
            host=space.host.name if space.host else "",
            people=_guests(space) if space.state in OVER else [],
            length_ms=shown_ms(space) if space.state is State.REPLAY and space.recorded else None,
            lights=self._lights(space, now) if actor.rank is Rank.ADMIN else None,
            stage=f"{self.house}/stage/{space.id}" if own else None,
        )

    def now(self) -> float:
        """The wall clock, in seconds."""
        return self._spaces.clock()

    def phase(self, space: Space, now: float) -> Phase:
        """What is true of a space for those inside."""
        return phase(facts(space, self._stages.stage(space.id, now), unix_ms(now)))

    def _door(self, space: Space, now: float) -> schema.DoorView:
        return schema.DoorView(
            p=space.p,
            waiting=space.waiting,
            places=self._statuses.places(now),
            limited=space.limited,
            passes=list(space.passes),
            overflow_s=space.overflow_s,
        )

    def _lights(self, space: Space, now: float) -> Lights:
        return lights(space, self._statuses.fresh(now), now, self._statuses.fresh(now, within_s=NEWS_LATE_S))

    def _seat(self, space: Space, seat: Seat, told: SeatStatus | None, actor: Actor) -> schema.SeatView:
        """A seat as it is stored, with what the stage says of it when it says something."""
        stored = schema.SeatView(
            id=seat.id,
            name=seat.name,
            role=seat.role,
            muted=seat.muted,
            volume=seat.volume,
            agreed_ms=seat.agreed_ms,
            agreed_text=seat.agreed_text,
            withdrawn_ms=seat.withdrawn_ms,
            portrait=portraits.address(seat, self.listen(space.id)),
            may=_may_with(space, seat, actor, self._spaces.clock()),
        )
        if told is None:
            return stored
        return msgspec.structs.replace(
            stored,
            state=told.state,
            muted=seat.muted or told.muted,
            self_muted=told.self_muted,
            aside=told.aside,
            heard=told.heard,
            talking=told.talking,
            level_dbfs=told.level_dbfs,
            delay_ms=told.delay_ms,
            loss=told.loss,
            jitter_ms=told.jitter_ms,
            quality=told.quality,
            oddities=told.oddities,
            spoken_s=told.spoken_s,
        )

    def _recording(self, space: Space) -> str | None:
        there = space.state is State.REPLAY and space.recorded and not space.private
        return f"{self.listen(space.id)}/recording.m4a" if there else None

    def _you(self, space: Space, actor: Actor) -> schema.You:
        seat = rights.own_seat(actor, space)
        now = self._spaces.clock()
        looks = {"backstage": Look.BACK_CHANNEL, "comments": Look.COMMENTS, "captions": Look.CAPTIONS}
        reads = [name for name, look in looks.items() if rights.allowed(actor, look, space)]
        reads += ["sounds"] if rights.allowed(actor, c.StopSound(), space) and space.state not in OVER else []
        return schema.You(
            rank=rights.rank(actor, space).value,
            may=[verb for verb in _may(space, WISHES, actor, now) if verb != CLOSING or self._empty(space)] + reads,
            seat=seat.id if seat else "",
            name=seat.name if seat else "",
            role=seat.role if seat else None,
        )

    def _empty(self, space: Space) -> bool:
        try:
            self._spaces.require_nobody(space)
        except Conflict:
            return False
        return True


def prominence(space: Space) -> tuple[int, int]:
    """A sort key: what is on the air, then what comes (the soonest first), then what is over (the newest first)."""
    if space.state in ON_AIR:
        return 0, -(opened_ms(space) or 0)
    if space.state is State.SCHEDULED:
        return (1, space.scheduled_ms) if space.scheduled_ms else (2, -space.created_ms)
    return 3, -(space.ended_ms or space.created_ms)


def _shows(space: Space, actor: Actor) -> bool:
    """Whether a space stands in a list for ``actor``: one that is not listed only for those on its stage."""
    if space.removed is not None:
        return False
    return space.listed or rights.rank(actor, space) is not rights.Rank.ANYONE


def _may(space: Space, wishes: dict[str, c.Command], actor: Actor, now: float) -> list[str]:
    return [name for name, wish in wishes.items() if _possible(space, wish, actor, now)]


def _may_with(space: Space, seat: Seat, actor: Actor, now: float) -> list[str]:
    """What ``actor`` could do with a seat; a ban for good is the site's matter, whatever they are in the space."""
    verbs = _may(space, seat_wishes(seat.id), actor, now)
    for_good = rights.bans_for_good(actor, seat) and _possible(space, c.BanSeat(seat.id), rights.ADMIN, now)
    return [*verbs, "ban_for_good"] if for_good else verbs


def _playing(space: Space, now_ms: int) -> schema.PlayingView | None:
    playing = sounds.playing(space, now_ms)
    sound = sounds.find(space, playing.sound) if playing else None
    if playing is None or sound is None:
        return None
    return schema.PlayingView(sound.id, sound.name, playing.volume, playing.at_ms, playing.at_ms + sound.length_ms)


def _bans(space: Space, actor: Actor) -> list[schema.Ban]:
    return [
        schema.Ban(seat, name)
        for seat, name in space.banned.items()
        if rights.allowed(actor, c.LiftBan(SeatId(seat)), space)
    ]


def _possible(space: Space, wish: c.Command, actor: Actor, now: float) -> bool:
    """Whether ``wish`` would be allowed and change something now."""
    if not rights.allowed(actor, wish, space):
        return False
    try:
        return bool(rules.decide(space, wish, now))
    except CallerError:
        return False


def _guests(space: Space) -> list[str]:
    """Who was on the stage besides the host."""
    return [seat.name for seat in space.seats.values() if seat.joined_ms is not None and seat.role is not Role.HOST]


def _length_s(space: Space) -> float:
    return ((space.ended_ms or 0) - (opened_ms(space) or 0)) / 1000
