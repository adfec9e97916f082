using System.Net;
using Skein.Agent.Fetching;

namespace Skein.Tests.Agent.Fetching;

public sealed class PublicAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3")] // this machine
    [InlineData("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1")] // private
    [InlineData("169.254.169.254", "100.64.0.1", "100.127.255.255")] // link-local, shared by a carrier
    [InlineData("224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1")] // multicast, broadcast, reserved
    [InlineData("192.0.0.170", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1")] // protocols, documentation, tests
    [InlineData("::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1")]
    [InlineData("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1")] // mapped, translated
    [InlineData("64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1")] // NAT64
    [InlineData("2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1")] // 6to4, Teredo, documentation, discard, segments
    public void What_is_not_on_the_public_internet_is_known(params string[] addresses) =>
        Assert.All(addresses, static address => Assert.False(PublicAddress.IsPublic(IPAddress.Parse(address)), address));

    [Theory]
    [InlineData("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.1.1")]
    [InlineData("172.15.255.255", "172.32.0.0", "192.167.1.1", "192.169.1.1", "198.17.1.1", "198.20.1.1", "223.255.255.255")]
    [InlineData("2606:4700::1111", "2001:200::1", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101")]
    public void What_is_is_too(params string[] addresses) =>
        Assert.All(addresses, static address => Assert.True(PublicAddress.IsPublic(IPAddress.Parse(address)), address));
}
