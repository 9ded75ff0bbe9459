// What a program on ethers does: deploy, call, send, read events, sign typed data, fail with a reason.
// Run with the node's address, the artifact's path and a funded key; prints one JSON object.
import { readFileSync } from "node:fs";
import { Contract, ContractFactory, JsonRpcProvider, Wallet, verifyTypedData } from "ethers";

const [url, artifactPath, key] = process.argv.slice(2);
const artifact = JSON.parse(readFileSync(artifactPath, "utf8"));
// Answers are not to be kept: a block is there at once, and a nonce of a moment ago is an old one.
const provider = new JsonRpcProvider(url, undefined, { pollingInterval: 50, cacheTimeout: -1 });
const wallet = new Wallet(key, provider);
const spender = "0x" + "5a".repeat(20);

const factory = new ContractFactory(artifact.abi, "0x" + artifact.bytecode.replace(/^0x/, ""), wallet);
const deployed = await factory.deploy("Digital yuan", "CNY", 2, wallet.address);
await deployed.waitForDeployment();
const token = new Contract(await deployed.getAddress(), artifact.abi, wallet);

const sent = await token.approve(spender, 12345n);
const receipt = await sent.wait();
const events = await token.queryFilter(token.filters.Approval(wallet.address), 0, "latest");

let reason = null;
try {
  await token.issue.staticCall(spender, 1n, "0x" + "00".repeat(32));
} catch (error) {
  reason = error.reason;
}

const types = { Note: [{ name: "to", type: "address" }, { name: "amount", type: "uint256" }] };
const domain = { name: "Test", chainId: (await provider.getNetwork()).chainId, verifyingContract: token.target };
const note = { to: spender, amount: 7n };
const signature = await wallet.signTypedData(domain, types, note);
const signer = await provider.getSigner(wallet.address);
const signedByNode = await signer.signTypedData(domain, types, note);

console.log(JSON.stringify({
  chain_id: Number(domain.chainId),
  name: await token.name(),
  status: receipt.status,
  allowance: Number(await token.allowance(wallet.address, spender)),
  events: events.map((event) => Number(event.args.amount ?? event.args[2])),
  reason,
  typed: verifyTypedData(domain, types, note, signature) === wallet.address,
  same_signature: signature === signedByNode,
  block: (await provider.getBlock(receipt.blockNumber)).hash === receipt.blockHash,
  gas_price: Number((await provider.getFeeData()).gasPrice),
}));
provider.destroy();
